package lesson

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/lesson/book"

	"go.yaml.in/yaml/v3"
)

// TestMutantsApply has every change that a check must find be one of the file as it is.
func TestMutantsApply(t *testing.T) {
	t.Parallel()
	pages, err := book.ReadAll(filepath.Join(repository, "docs"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		for _, edition := range book.Editions() {
			for _, m := range p.Mutants(edition) {
				if m.Mutation.Field == "" || m.Mutation.Of == book.Typed {
					continue
				}
				if err := mutatedFolder(m.Mutation, repository, t.TempDir()); err != nil {
					t.Errorf("%v: %v", m, err)
				}
			}
		}
	}
}

// TestFolder has one file changed, and all others as they are.
func TestFolder(t *testing.T) {
	t.Parallel()
	root, dir := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"a/b/c.yml": "x: 1", "a/b/d.yml": "x: 2", "a/e": "", "f": "x"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var list book.Mutations
	if err := yaml.Unmarshal([]byte("a/b/c.yml: [x 5, x 1]"), &list); err != nil {
		t.Fatal(err)
	}
	if err := mutatedFolder(list[0], root, dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a/b/c.yml": "x: 5", "a/b/d.yml": "x: 2", "a/e": "", "f": "x"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(root, "a/b/c.yml")); err != nil || string(got) != "x: 1" {
		t.Errorf("the file itself is %q, %v", got, err)
	}
	if err := mutatedFolder(list[1], root, t.TempDir()); err == nil || !strings.Contains(err.Error(), "a/b/c.yml: x: it is so already") {
		t.Errorf("error %v", err)
	}
}
