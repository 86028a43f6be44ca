package prose_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/lesson/prose"
)

// update reports whether `go test -args update` is to rewrite what the tests compare with.
func update() bool { return flag.Arg(0) == "update" }

func TestRender(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("testdata", "page.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{40, 80} {
		for _, colour := range []bool{false, true} {
			style := prose.Style{Width: width, Colour: colour, Picture: "(a picture)", Link: func(target string) string {
				if target == "02-next.md" {
					return ""
				}
				return "docs/" + target
			}}
			lines := prose.Render(string(page), style)
			for _, line := range lines {
				if n := prose.Width(prose.Bare(line)); n > width {
					t.Errorf("width %d: %d columns: %s", width, n, line)
				}
				if !colour && strings.Contains(line, "\x1b") {
					t.Errorf("width %d: colour: %q", width, line)
				}
			}
			name := fmt.Sprintf("%d.txt", width)
			if colour {
				name = fmt.Sprintf("%d-colour.txt", width)
			}
			compare(t, name, strings.ReplaceAll(strings.Join(lines, "\n"), "\x1b", "ESC")+"\n")
		}
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if update() {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
}

func TestWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "规则": 4, "，": 2, "v2 的": 5, "…": 1, "e\u0301": 1} {
		if got := prose.Width(text); got != want {
			t.Errorf("%q: %d columns, want %d", text, got, want)
		}
	}
}

// TestWrap holds where lines end: between words, between Chinese characters, behind a slash of what is
// too long, and never before a closing punctuation mark.
func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"one two three", 7, "one two|three"},
		{"规则取代了什么。", 14, "规则取代了什|么。"},
		{"（规则）", 5, "（规|则）"},
		{"规则\n取代", 20, "规则取代"},
		{"rule\ntwo", 20, "rule two"},
		{"a recommendation/kubernetes/Deployment.yml b", 18, "a recommendation/|kubernetes/|Deployment.yml b"},
		{"abcdefgh", 3, "abc|def|gh"},
		{"", 3, ""},
		{"规则", 1, "规|则"},
	} {
		if got := strings.Join(prose.Wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// TestCode has lines end between a Chinese character and code, and keeps punctuation with what it belongs to.
func TestCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"三个文件。`quota.yml`里": "三个文件。|`quota.yml`|里",
		"见（`a.yml`）":        "见|（`a.yml`）",
		"文件`a.yml`，`b.yml`": "文件|`a.yml`，|`b.yml`",
	} {
		if got := strings.Join(prose.Render(text, prose.Style{Width: 12}), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestTogether keeps a heading on one screen with what it is above.
func TestTogether(t *testing.T) {
	t.Parallel()
	for _, colour := range []bool{false, true} {
		lines := prose.Render("text\n\n## Heading\n\nfirst\n\nsecond\n", prose.Style{Width: 8, Colour: colour})
		whole := strings.Join(lines, "|")
		var got []int
		for i := range lines {
			got = append(got, prose.Together(lines[i:]))
		}
		want := []int{1, 1, 4, 3, 1, 1, 1, 1} // text, a blank line, heading, stroke, a blank line, first, …
		if colour {
			want = []int{1, 1, 3, 1, 1, 1, 1} // no stroke
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", whole, got, want)
		}
	}
}

// FuzzRender shows any text in any width, and never more columns than there are, except for code.
func FuzzRender(f *testing.F) {
	page, err := os.ReadFile(filepath.Join("testdata", "page.md"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(page), 40)
	f.Add("| a |\n|---|\n| b | c |", 3)
	f.Fuzz(func(_ *testing.T, text string, width int) {
		prose.Render(text, prose.Style{Width: width % 200, Colour: true})
	})
}
