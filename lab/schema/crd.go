package schema

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// property is a node as a CustomResourceDefinition has it.
type property struct {
	Type        string              `yaml:"type"`
	Description string              `yaml:"description"`
	Enum        []any               `yaml:"enum"`
	Properties  map[string]property `yaml:"properties"`
	Items       *property           `yaml:"items"`
	Values      yaml.Node           `yaml:"additionalProperties"` // a schema, or true
	Required    []string            `yaml:"required"`
	Either      bool                `yaml:"x-kubernetes-int-or-string"`
}

// definition is a CustomResourceDefinition.
type definition struct {
	Kind string
	Spec struct {
		Group    string
		Names    struct{ Kind string }
		Versions []struct {
			Name   string
			Schema struct {
				Root property `yaml:"openAPIV3Schema"`
			}
		}
	}
}

func (p property) node() node {
	n := node{Type: p.Type, Description: p.Description, Enum: p.Enum, required: p.Required}
	var values property
	switch {
	case p.Either:
		n.Type = "string"
	case p.Items != nil:
		items := p.Items.node()
		n.items = &items
	case len(p.Properties) > 0:
		n.fields = func() map[string]node {
			fields := map[string]node{}
			for name, below := range p.Properties {
				fields[name] = below.node()
			}
			return fields
		}
	case p.Values.Kind == yaml.MappingNode && p.Values.Decode(&values) == nil:
		below := values.node()
		n.values = &below
	}
	return n
}

// published looks for a kind in the modules that the lab is built with.
func published(ctx context.Context, root string, k Kind) (Schema, error) {
	files, err := definitionFiles(ctx, root, k.Group)
	if err != nil {
		return Schema{}, err
	}
	var versions []string
	for _, file := range files {
		found, err := readDefinitions(file, k)
		if err != nil {
			return Schema{}, err
		}
		for _, d := range found {
			for _, v := range d.Spec.Versions {
				if k.Version == "" || v.Name == k.Version {
					k.Version = v.Name
					return Schema{k, whole(v.Schema.Root.node())}, nil
				}
				versions = append(versions, v.Name)
			}
		}
	}
	if len(versions) > 0 {
		return Schema{}, fmt.Errorf("%s has the versions %s, not %s", k.Kind, strings.Join(versions, ", "), k.Version)
	}
	return Schema{}, fmt.Errorf("no schema of %s is published in %s", k.Kind, strings.Join(files, ", "))
}

// whole is the node of an object, with the fields that all objects have.
func whole(n node) node {
	own := n.fields
	n.fields = func() map[string]node {
		fields := ofAll()
		if own != nil {
			maps.Copy(fields, own())
		}
		fields["metadata"] = ofAll()["metadata"]
		return fields
	}
	return n
}

// definitionFiles are those of a group.
func definitionFiles(ctx context.Context, root, group string) ([]string, error) {
	module, pattern := "istio.io/api", "kubernetes/customresourcedefinitions.gen.yaml"
	if strings.HasPrefix(group, "gateway.networking.") {
		module, pattern = "sigs.k8s.io/gateway-api", "config/crd/standard/*.yaml"
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	cmd.Dir = filepath.Join(root, "lab")
	out, err := cmd.Output()
	dir := strings.TrimSpace(string(out))
	if err == nil && dir == "" { // go knows the module, and has not fetched it
		err = errors.New("`go mod download` in lab/ fetches it")
	}
	if err != nil {
		return nil, fmt.Errorf("its schema is in the Go module %s, which go does not find here (%s): "+
			"see https://istio.io/latest/docs/reference/config", module, reason(err))
	}
	files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no %s", module, pattern)
	}
	return files, err
}

// reason is the last line that a program said, or else the error.
func reason(err error) string {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return fmt.Sprint(err)
	}
	lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
	return lines[len(lines)-1]
}

// readDefinitions are those of a kind in a file.
func readDefinitions(file string, k Kind) ([]definition, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []definition
	for part := range bytes.SplitSeq(data, []byte("\n---\n")) {
		if !bytes.Contains(part, []byte("kind: "+k.Kind+"\n")) {
			continue // most are not meant, and are long
		}
		var d definition
		if err := yaml.Unmarshal(part, &d); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if d.Spec.Group == k.Group && d.Spec.Names.Kind == k.Kind {
			found = append(found, d)
		}
	}
	return found, nil
}
