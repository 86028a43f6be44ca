package manifests

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/document"
)

// Kustomization lists the manifests that `kubectl apply -k dir` applies, in the order of the
// file. A folder among the resources stands for its own kustomization. What changes a resource
// on its way, such as patches or images, is refused by name. The error is a document.Errors.
func Kustomization(dir string) ([]string, error) {
	k := kustomizer{seen: map[string]bool{}}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		k.seen[real] = true
	}
	k.folder(filepath.Clean(dir))
	return k.files, k.errs.OrNil()
}

type kustomizer struct {
	seen  map[string]bool // files and folders, links resolved: a folder may contain itself
	files []string
	errs  document.Errors
}

func (k *kustomizer) fail(file string, n *yaml.Node, field, format string, args ...any) {
	e := &document.Error{File: file, Field: field, Cause: fmt.Errorf(format, args...)}
	if n != nil {
		e.Line = n.Line
	}
	k.errs = append(k.errs, e)
}

func (k *kustomizer) folder(dir string) {
	file, data, err := readKustomization(dir)
	if err != nil {
		k.fail(dir, nil, "", "%w", err)
		return
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		k.fail(file, nil, "", "%w", err)
		return
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		k.fail(file, nil, "", "want a mapping that lists resources")
		return
	}
	top := root.Content[0]
	before := len(k.files) + len(k.errs)
	for i := 0; i < len(top.Content); i += 2 {
		k.field(file, top.Content[i], top.Content[i+1])
	}
	if len(k.files)+len(k.errs) == before {
		k.fail(file, top, "", "lists no resources")
	}
}

// readKustomization knows the names that kustomize knows.
func readKustomization(dir string) (file string, data []byte, err error) {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		file = filepath.Join(dir, name)
		data, err = os.ReadFile(file)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, data, err
		}
	}
	return "", nil, errors.New("no kustomization.yaml in this folder")
}

func (k *kustomizer) field(file string, key, value *yaml.Node) {
	switch key.Value {
	case "apiVersion", "kind", "metadata":
	case "resources":
		var resources []yaml.Node
		if err := value.Decode(&resources); err != nil {
			k.fail(file, value, "resources", "want a list")
			return
		}
		for i, r := range resources {
			k.resource(file, fmt.Sprintf("resources[%d]", i), &r)
		}
	default:
		k.fail(file, key, key.Value, "the lab does not support this field of a kustomization")
	}
}

func (k *kustomizer) resource(file, field string, n *yaml.Node) {
	var name string
	if n.Decode(&name) != nil || filepath.IsAbs(name) {
		k.fail(file, n, field, "%q: want a file or folder below this one", n.Value)
		return
	}
	place := filepath.Join(filepath.Dir(file), name)
	real, err := filepath.EvalSymlinks(place)
	info, _ := os.Stat(place)
	isFolder := info != nil && info.IsDir()
	if !filepath.IsLocal(name) && !isFolder {
		k.fail(file, n, field, "%q: want a file below this folder, or a folder", n.Value)
		return
	}
	if err != nil {
		k.fail(file, n, field, "%w", err)
		return
	}
	if k.seen[real] {
		k.fail(file, n, field, "%s: listed before", name)
		return
	}
	k.seen[real] = true
	if isFolder {
		k.folder(place)
		return
	}
	k.files = append(k.files, place)
}
