package lesson

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repository = "../.."

func pagesOf(t *testing.T, folder string) []Page {
	t.Helper()
	pages, err := ReadAll(filepath.Join(repository, folder))
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// excerpt is a fence that shows a part of a file.
var excerpt = regexp.MustCompile("(?ms)^```yaml (\\S+/\\S+)\n(.*?)^```$")

// TestExcerpts holds the parts of files that pages show against the files.
func TestExcerpts(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"docs", "docs/zh"} {
		files, err := filepath.Glob(filepath.Join(repository, folder, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range excerpt.FindAllStringSubmatch(string(text), -1) {
				whole, err := os.ReadFile(filepath.Join(repository, m[1]))
				if err != nil {
					t.Errorf("%s: %v", file, err)
				} else if line := missing(m[2], string(whole)); line != "" {
					t.Errorf("%s: %s has no line %q there", file, m[1], line)
				}
			}
		}
	}
}

// missing is the first line of a part that a file does not have in that order; … leaves lines out.
func missing(part, whole string) string {
	lines := strings.Split(whole, "\n")
	gap := true
	for line := range strings.SplitSeq(strings.TrimSuffix(part, "\n"), "\n") {
		if strings.TrimSpace(line) == anything {
			gap = true
			continue
		}
		at := slices.Index(lines, line)
		if at < 0 || at > 0 && !gap {
			return line
		}
		lines, gap = lines[at+1:], false
	}
	return ""
}

// TestMutantsApply has every change that a check must find be one of the file as it is.
func TestMutantsApply(t *testing.T) {
	t.Parallel()
	for _, p := range pagesOf(t, "docs") {
		for _, edition := range Editions() {
			for _, m := range p.Mutants(edition) {
				if m.mutation.field == "" || m.mutation.of == typed {
					continue
				}
				if err := m.mutation.folder(repository, t.TempDir()); err != nil {
					t.Errorf("%v: %v", m, err)
				}
			}
		}
	}
}

// TestRulesAreProved has every rule that a page loads be left out by one of its checks.
func TestRulesAreProved(t *testing.T) {
	t.Parallel()
	rule := regexp.MustCompile(`-f (istiofiles/\S+)`)
	for _, p := range pagesOf(t, "docs") {
		for _, edition := range Editions() {
			mutants := p.Mutants(edition)
			for _, b := range p.Blocks {
				for _, c := range b.Commands {
					m := rule.FindStringSubmatch(c.Text)
					if m == nil || !b.In(edition) || !c.loads(m[1]) {
						continue
					}
					if !slices.ContainsFunc(mutants, func(x Mutant) bool {
						return x.mutation.field == "" && x.mutation.of == m[1]
					}) {
						t.Errorf("%s:%d: no check of edition %s fails without %s", p.File, c.Line, edition, m[1])
					}
				}
			}
		}
	}
}
