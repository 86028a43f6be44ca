package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// explained are the lines that a page shows of `bin/lab why`.
func explained(t *testing.T, file string) []string {
	t.Helper()
	var list []string
	why := false
	for line := range strings.Lines(read(t, file)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "$ ") || strings.HasPrefix(line, "```"):
			why = strings.HasPrefix(line, "$ bin/lab why")
		case why:
			list = append(list, line)
		}
	}
	return list
}

// TestWhyOfPages holds that the pages in Chinese show the explanations of the others in Chinese: each cause, each
// title and each file.
func TestWhyOfPages(t *testing.T) {
	t.Parallel()
	s := speechOf(chinese)
	files, err := filepath.Glob(filepath.Join(repository, "docs", "[0-9][0-9]-*.md"))
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, file := range files {
		other := filepath.Join(filepath.Dir(file), chinese, filepath.Base(file))
		said := "\n" + strings.Join(explained(t, other), "\n") + "\n"
		for _, line := range explained(t, file) {
			begin, _, _ := strings.Cut(line, ": ")
			want := "\n" + s.cause(begin) + "："
			switch {
			case strings.HasPrefix(line, "istiofiles/"):
				want = "\n" + line + "\n"
			case strings.HasPrefix(line, "Rule:"):
				want = "\n规则："
			case !isChinese(s.cause(begin)):
				continue
			}
			if held++; !strings.Contains(said, want) {
				t.Errorf("%s: no %q for %q in%s", other, want, line, said)
			}
		}
	}
	if held < 40 {
		t.Errorf("%d lines", held)
	}
}
