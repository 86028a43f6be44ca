package manifests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/manifests"
)

// folder writes a kustomization beside two manifests and a base.
func folder(t *testing.T, file, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		file: text, "a.yml": "", "base/b.yml": "",
		"base/kustomization.yml": "resources: [b.yml, ../base]",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestKustomization(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		dir := folder(t, name, "kind: Kustomization\nresources:\n- base\n- a.yml\n")
		if err := os.WriteFile(filepath.Join(dir, "base/kustomization.yml"),
			[]byte("resources: [b.yml]"), 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := manifests.Kustomization(dir)
		if err != nil {
			t.Error(err)
		}
		equal(t, files, []string{filepath.Join(dir, "base/b.yml"), filepath.Join(dir, "a.yml")})
	}
}

func TestKustomizationRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", ": want a mapping that lists resources"},
		{"- a.yml", ": want a mapping"},
		{"a: [", ": yaml: line 1: "},
		{"resources: a.yml", ":1: resources: want a list"},
		{"kind: Kustomization", ": lists no resources"},
		{"resources:\n- c.yml", ":2: resources[0]: "},
		{"resources:\n- a.yml\n- ../a.yml",
			`:3: resources[1]: "../a.yml": want a file below this folder`},
		{"resources:\n- https://example.com/a.yml", "no such file"},
		{"resources:\n- a.yml\n- a.yml", ":3: resources[1]: a.yml: listed before"},
		{"resources:\n- {a: b}", ":2: resources[0]: "},
		{"namePrefix: x-\nresources:\n- a.yml",
			":1: namePrefix: the lab does not support this field"},
		{"resources:\n- base", `base/kustomization.yml:1: resources[1]: ../base: listed before`},
	} {
		dir := folder(t, "kustomization.yaml", tt.text)
		_, err := manifests.Kustomization(dir)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q:\n got %v\nwant %s", tt.text, err, tt.want)
		}
	}
	if _, err := manifests.Kustomization(t.TempDir()); err == nil {
		t.Error("an empty folder was accepted")
	}
}

// TestKustomizationLoop has a folder contain itself, by a link.
func TestKustomizationLoop(t *testing.T) {
	t.Parallel()
	dir := folder(t, "kustomization.yaml", "resources: [a.yml, loop]")
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Skip(err)
	}
	_, err := manifests.Kustomization(dir)
	if err == nil || !strings.Contains(err.Error(), "loop: listed before") {
		t.Error(err)
	}
}
