package lesson

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const rule = `# weight: 5 of a comment
spec:
  route:
  - labels: {version: v1}
    weight: 90 # most
  - labels:
      version: "v2"
    weight: 10
  percentage: {value: 50}
`

func TestMutationApply(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]string{
		"weight 75 25":  "    weight: 75 # most|    weight: 25",
		"weight 75":     "    weight: 75 # most",
		"weight - 25":   "    weight: 25",
		"version v3":    "  - labels: {version: v3}",
		"version - v3":  "      version: v3",
		"value 75":      "  percentage: {value: 75}",
		"weight 90 10":  "error: weight: it is so already",
		"weight 1 2 3":  "error: weight: only 2 of it",
		"weigh 1":       "error: weigh: only 0 of it",
		"version - v2x": "      version: v2x",
	} {
		words := strings.Fields(change)
		text, err := mutation{field: words[0], values: words[1:]}.apply(rule)
		got := strings.Join(differing(rule, text), "|")
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", change, got, want)
		}
	}
}

// differing are the lines of b that are not those of a.
func differing(a, b string) []string {
	var list []string
	old := strings.Split(a, "\n")
	for i, line := range strings.Split(b, "\n") {
		if i < len(old) && old[i] != line {
			list = append(list, line)
		}
	}
	return list
}

func TestConcerns(t *testing.T) {
	t.Parallel()
	const typedText = "cat <<EOF | bin/lab apply -f -\na: b\nEOF"
	for field, want := range map[string]bool{"a": true, "b": false} {
		m := mutation{of: typed, field: field, values: []string{"c"}}
		if got := m.concerns(Command{Text: typedText}); got != want {
			t.Errorf("field %s of a text that is typed: %t", field, got)
		}
	}
	for of, c := range map[string]struct {
		command string
		want    bool
	}{
		"a/b.yml":              {"bin/lab create -f a/b.yml", true},
		"a/c.yml":              {"bin/lab create -f a/b.yml -f a/c.yml", true},
		"a/d.yml":              {"bin/lab delete -f a/d.yml", false},
		"a/e.yml":              {"bin/lab replace -f a/e.ymls", false},
		"-":                    {typedText, true},
		"bin/lab scale":        {"bin/lab scale --replicas=2 deployment/x", true},
		"bin/lab delete route": {"bin/lab create -f x", false},
	} {
		if got := (mutation{of: of}).concerns(Command{Text: c.command}); got != c.want {
			t.Errorf("%s concerns %q: %t", of, c.command, got)
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
	m := mutation{of: "a/b/c.yml", field: "x", values: []string{"5"}}
	if err := m.folder(root, dir); err != nil {
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
	m.values = []string{"1"}
	if err := m.folder(root, t.TempDir()); err == nil || !strings.Contains(err.Error(), "a/b/c.yml: x: it is so already") {
		t.Errorf("error %v", err)
	}
}
