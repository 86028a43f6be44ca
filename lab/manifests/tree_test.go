package manifests_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	networkingv1 "k8s.io/api/networking/v1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
)

// tree is everything that a folder of manifests holds.
type tree struct {
	files      map[string]string // contents by path below the folder
	listed     []string          // the files that the kustomization lists
	namespaces []object[corev1.Namespace]
	workloads  []object[appsv1.Deployment]
	services   []object[corev1.Service]
	accounts   []object[corev1.ServiceAccount]
	ingresses  []object[networkingv1.Ingress]
	classic    []object[extensionsv1beta1.Ingress]
}

// object is a decoded manifest that knows its place.
type object[T any] struct {
	document.Document
	value T
}

// readTree decodes every *.yml below dir strictly, but for those of its overlays.
func readTree(dir string) (*tree, error) {
	t := &tree{files: map[string]string{}}
	var errs []error
	walk := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == overlays {
			return filepath.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		file = filepath.ToSlash(strings.TrimPrefix(file, dir+string(filepath.Separator)))
		t.files[file] = string(data)
		if filepath.Ext(file) == ".yml" {
			errs = append(errs, t.parse(file))
		}
		return err
	})
	listed, err := manifests.Kustomization(dir)
	for _, file := range listed {
		t.listed = append(t.listed, strings.TrimPrefix(file, dir+string(filepath.Separator)))
	}
	return t, errors.Join(append(errs, walk, err)...)
}

const overlays = "overlays"

func (t *tree) parse(file string) error {
	docs, err := document.Parse(file, strings.NewReader(t.files[file]))
	if err != nil {
		return err
	}
	var errs []error
	for _, doc := range docs {
		errs = append(errs, t.add(doc))
	}
	return errors.Join(errs...)
}

func (t *tree) add(doc document.Document) error {
	switch doc.APIVersion + " " + doc.Kind {
	case "v1 Namespace":
		return decodeTo(&t.namespaces, doc)
	case "v1 Service":
		return decodeTo(&t.services, doc)
	case "v1 ServiceAccount":
		return decodeTo(&t.accounts, doc)
	case "apps/v1 Deployment":
		return decodeTo(&t.workloads, doc)
	case "networking.k8s.io/v1 Ingress":
		return decodeTo(&t.ingresses, doc)
	case "extensions/v1beta1 Ingress":
		return decodeTo(&t.classic, doc)
	default:
		return fmt.Errorf("%s:%d: unknown kind %s %s", doc.File, doc.Line, doc.APIVersion, doc.Kind)
	}
}

func decodeTo[T any](list *[]object[T], doc document.Document) error {
	o := object[T]{Document: doc}
	if err := doc.Decode(&o.value); err != nil {
		return err
	}
	*list = append(*list, o)
	return nil
}
