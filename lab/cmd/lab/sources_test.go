package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"istio-tutorial/lab/document"
)

// write makes the files of a folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSources(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"rules/b.yml": "b", "rules/a.yaml": "a", "rules/c.json": "c", "rules/README.md": "no", "rules/run.sh": "no",
		"rules/below/d.yml": "d", "rules/empty.yml": "",
		"none/README.md": "no", "none/below/x.yml": "x",
		"kustomized/kustomization.yaml": "resources: [two.yml, one.yml]", "kustomized/one.yml": "1", "kustomized/two.yml": "2",
	})
	if err := os.Symlink("rules", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sources
		want string // the files with their texts, or the error
	}{
		"a file":          {sources{files: []string{"rules/b.yml"}}, "rules/b.yml=b"},
		"any extension":   {sources{files: []string{"rules/README.md"}}, "rules/README.md=no"},
		"two files":       {sources{files: []string{"rules/b.yml", "rules/a.yaml"}}, "rules/b.yml=b rules/a.yaml=a"},
		"standard input":  {sources{files: []string{"-", "rules/b.yml"}}, "stdin=text rules/b.yml=b"},
		"a folder":        {sources{files: []string{"rules"}}, "rules/a.yaml=a rules/b.yml=b rules/c.json=c rules/empty.yml="},
		"its folders":     {sources{files: []string{"rules"}, recursive: true}, "rules/a.yaml=a rules/b.yml=b rules/below/d.yml=d rules/c.json=c rules/empty.yml="},
		"a link":          {sources{files: []string{"link"}}, "link/a.yaml=a link/b.yml=b link/c.json=c link/empty.yml="},
		"a kustomization": {sources{folders: []string{"kustomized"}}, "kustomized/two.yml=2 kustomized/one.yml=1"},
		"missing":         {sources{files: []string{"rules/b.yml", "nope.yml"}}, "stat nope.yml: no such file or directory"},
		"nothing in it":   {sources{files: []string{"none"}}, "none: no file in it ends with .yml, .yaml or .json"},
		"no -k":           {sources{files: []string{"kustomized"}}, "kustomized/kustomization.yaml: a kustomization: use -k kustomized"},
		"no -f":           {sources{folders: []string{"rules"}}, "rules: no kustomization.yaml in this folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inside := func(paths []string) (list []string) {
				for _, p := range paths {
					if p != "-" {
						p = filepath.Join(dir, p)
					}
					list = append(list, p)
				}
				return list
			}
			s := sources{files: inside(c.files), folders: inside(c.folders), recursive: c.recursive}
			files, err := s.read(t.Context(), strings.NewReader("text"))
			var got []string
			for _, f := range files {
				got = append(got, f.Name+"="+string(f.Data))
			}
			if err != nil {
				got = []string{err.Error()}
			}
			text := strings.ReplaceAll(strings.Join(got, " "), dir+"/", "")
			if text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
}

// A stream without end is read no further than the parser needs to refuse it.
func TestLongInput(t *testing.T) {
	t.Parallel()
	file, err := readFrom("stdin", endless{})
	if err != nil || len(file.Data) != document.MaxBytes+1 {
		t.Errorf("%d bytes, %v", len(file.Data), err)
	}
	broken := errors.New("bad file descriptor")
	_, err = readOne("-", io.MultiReader(strings.NewReader("a: b"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "stdin: ") {
		t.Errorf("closed: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestKubeInject(t *testing.T) {
	t.Parallel()
	const note = "the lab needs no injection: it gives pods their sidecars itself\n"
	file := filepath.Join(write(t, map[string]string{"x.yml": "a: b\n# c"}), "x.yml")
	if got := (surroundings{}).run(t, "kube-inject", "-f", file); got != (answer{ok, "a: b\n# c", note}) {
		t.Errorf("%+v", got)
	}
	stdin := surroundings{stdin: strings.NewReader("---\nx")}
	if got := stdin.run(t, "kube-inject", "-f", "-"); got != (answer{ok, "---\nx", note}) {
		t.Errorf("%+v", got)
	}
	if got := (surroundings{}).run(t, "kube-inject", "-f", "nope.yml"); got.status != failed || !strings.Contains(got.stderr, "stat nope.yml: no such file") {
		t.Errorf("%+v", got)
	}
	dir := t.TempDir()
	if got := (surroundings{}).run(t, "kube-inject", "-f", dir); got != (answer{failed, "", note + "Error: " + dir + ": is a directory, want a file\n"}) {
		t.Errorf("%+v", got)
	}
}

// TestAnalyzeOfAFileWithoutLines holds that a finding of a whole file has no line.
func TestAnalyzeOfAFileWithoutLines(t *testing.T) {
	t.Parallel()
	file := filepath.Join(write(t, map[string]string{"x.yml": strings.Repeat("a", 2<<20)}), "x.yml")
	got := surroundings{}.run(t, "analyze", "-f", file)
	if want := "Error (" + file + ") larger than 1048576 bytes\n"; got.status != unreadable || got.stdout != want {
		t.Errorf("%+v, want %s", got, want)
	}
}
