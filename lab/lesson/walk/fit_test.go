package walk

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/onlab"
	"istio-tutorial/lab/lesson/prose"
	"istio-tutorial/lab/lesson/screen"
)

// TestPagesFit renders all pages, and their commands, for a terminal of 80 columns.
func TestPagesFit(t *testing.T) {
	t.Parallel()
	const columns = 80
	// What cannot be broken: an answer in one word, and a header between quotes.
	whole := []string{`{"time":"…","level":"INFO"`, `"spec":{"template":`, "  'Mozilla/5.0 (iPhone;"}
	for _, folder := range []string{"docs", "docs/zh"} {
		pages, err := book.ReadAll(filepath.Join("../../..", folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			for _, edition := range book.Editions() {
				for _, line := range shownOf(page, edition, columns) {
					if prose.Width(line) > columns && !slices.ContainsFunc(whole, func(w string) bool { return strings.Contains(line, w) }) {
						t.Errorf("%s, %s: %d columns: %s", page.File, edition, prose.Width(line), line)
					}
				}
			}
		}
	}
}

// shownOf are the lines that a walk shows of a page.
func shownOf(page book.Page, edition string, columns int) []string {
	var out bytes.Buffer
	g := guide{Walk: Walk{Home: &onlab.Home{}, Page: page}, screen: screen.New(&out, func(string) string { return "" })}
	for _, b := range page.Blocks {
		if !b.In(edition) {
			continue
		}
		for _, line := range prose.Render(b.Text, prose.Style{Width: columns, Link: g.target}) {
			g.print(line)
		}
		for _, c := range b.Commands {
			g.echo(c)
			show := g.printed()
			for _, line := range c.Output {
				show("  " + line)
			}
		}
	}
	return strings.Split(out.String(), "\n")
}

// TestBroken breaks commands so that the shell reads them as they were.
func TestBroken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"$ a b":                        "$ a b",
		"$ lab apply -f one -f two":    "$ lab apply -f \\\n>   one -f two",
		"$ lab 'one two three four'":   "$ lab \\\n>   'one two three four'",
		"$ lab \"it's one\" two three": "$ lab \"it's one\" \\\n>   two three",
		"$ averyverylongword":          "$ averyverylongword",
	} {
		lines, quote := broken(text, 18, 0)
		if got := strings.Join(lines, "\n"); got != want || quote != 0 {
			t.Errorf("%s:\n%s\nwant\n%s", text, got, want)
		}
	}
	if lines, quote := broken("> two three four five' six seven", 18, '\''); quote != 0 || len(lines) != 2 {
		t.Errorf("%q, in %q", lines, quote)
	}
	if _, quote := broken("$ a 'b", 18, 0); quote != '\'' {
		t.Errorf("in %q", quote)
	}
}
