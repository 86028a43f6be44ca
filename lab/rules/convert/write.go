package convert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// object is a document to print, with comments before it.
type object struct {
	kind
	name     mesh.Name
	spec     any
	from     []string // the keys of the rules that it comes of
	comments []string
}

// kind is a kind of object and its API.
type kind struct{ apiVersion, kind string }

// add appends an object that comes of the rules of some keys; comments are sentences.
func (c *converter) add(k kind, name mesh.Name, spec any, from []string, comments ...string) {
	c.objects = append(c.objects, object{k, name, spec, from, comments})
}

// write puts the objects out. One that today's API servers would not take is the fault of the rules
// that it comes of.
func (c *converter) write(out *bytes.Buffer) {
	for i, o := range c.objects {
		if i > 0 {
			out.WriteString("---\n")
		}
		err := o.write(out)
		for _, key := range o.from {
			if err != nil {
				c.refuse(key, "the %s %s that says it would be refused: %v", o.kind.kind, o.name.Name, err)
			}
		}
	}
}

// write has the fields in the order in which the API's reference has them.
func (o object) write(out *bytes.Buffer) error {
	data, err := json.Marshal(struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Metadata   metav1.ObjectMeta `json:"metadata"`
		Spec       any               `json:"spec"`
	}{o.apiVersion, o.kind.kind, metav1.ObjectMeta{Name: o.name.Name, Namespace: o.name.Namespace}, o.spec})
	if err == nil {
		err = o.check(data)
	}
	var node yaml.Node
	if err == nil {
		err = yaml.Unmarshal(data, &node)
	}
	if err == nil {
		err = inBlocks(&node)
	}
	if err != nil {
		return err
	}
	sayDefault(o.kind.kind, field(node.Content[0], "spec"))
	for _, comment := range o.comments {
		out.WriteString(wrapped(comment))
	}
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	return errors.Join(encoder.Encode(&node), encoder.Close())
}

// check reads an object as the API server does; the error is the first problem of a field.
func (o object) check(data []byte) error {
	if s, ok := o.spec.(core.ServiceSpec); ok {
		if texts := validation.IsDNS1035Label(o.name.Name); len(texts) > 0 {
			return fmt.Errorf("metadata.name: %q: %s", o.name.Name, texts[0])
		}
		return metavalidation.ValidateLabels(s.Selector, nil).ToAggregate()
	}
	docs, err := document.Parse("", bytes.NewReader(data))
	if err != nil {
		return err
	}
	parse := v1.Parse
	if o.apiVersion == gatewayV1 {
		parse = gatewayapi.Parse
	}
	_, err = parse(docs, o.name.Namespace)
	if problems, ok := errors.AsType[document.Errors](err); ok {
		return fmt.Errorf("%s: %w", problems[0].Field, problems[0].Cause)
	}
	return err
}

// sayDefault writes out what a reader should not have to know by heart.
func sayDefault(kind string, spec *yaml.Node) {
	path := map[string][]string{
		"AuthorizationPolicy": {"action", "ALLOW"},
		"ServiceEntry":        {"location", "MESH_EXTERNAL"},
		"Sidecar":             {"outboundTrafficPolicy", "mode", "REGISTRY_ONLY"},
	}[kind]
	for ; len(path) > 2; path = path[1:] {
		spec = field(spec, path[0])
	}
	if path != nil && field(spec, path[0]) == nil {
		for _, text := range path {
			spec.Content = append(spec.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: text})
		}
	}
}

func field(mapping *yaml.Node, name string) *yaml.Node {
	for pair := range slices.Chunk(mapping.Content, 2) {
		if pair[0].Value == name {
			return pair[1]
		}
	}
	return nil
}

// inBlocks undoes the look of JSON, and quotes what needs it alone.
func inBlocks(n *yaml.Node) error {
	if n.Tag == "!!str" {
		return n.Encode(n.Value)
	}
	n.Style = 0
	for _, child := range n.Content {
		if err := inBlocks(child); err != nil {
			return err
		}
	}
	return nil
}

const commentWidth = 96

// wrapped is a sentence as lines of comment.
func wrapped(text string) string {
	var out strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > commentWidth {
			out.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return out.String() + line + "\n"
}
