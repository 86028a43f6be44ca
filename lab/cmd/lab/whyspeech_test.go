package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"istio-tutorial/lab/traffic/cause"
)

// sourcesOf are the files of patterns that are no tests.
func sourcesOf(t *testing.T, patterns ...string) []string {
	t.Helper()
	var list []string
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				list = append(list, file)
			}
		}
	}
	return list
}

// TestSpeech looks for each sentence that lab/traffic and the rooms below it have in what is said in Chinese.
func TestSpeech(t *testing.T) {
	t.Parallel()
	s := speechOf(chinese)
	for _, c := range cause.All() {
		if !isChinese(s.cause(string(c))) {
			t.Errorf("no Chinese for the cause %q", c)
		}
	}
	put := regexp.MustCompile(`%[sdgqv]|\{\w+\}`)
	letters := regexp.MustCompile(`\S*\pL\S*`)
	said := 0
	for _, name := range sourcesOf(t, "../../traffic/*.go", "../../traffic/match/*.go", "../../traffic/cause/tls_problem.go") {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			if words := put.ReplaceAllString(text, ""); len(letters.FindAllString(words, 2)) < 2 || strings.Contains(text, "istio") {
				return true
			}
			if strings.Contains(text, "%.") || text == "pod %s of %s %s" || strings.HasSuffix(text, " of ") ||
				text == "no sidecar" || text == "host outside" || strings.HasSuffix(text, "'s sidecar") {
				return true // numbers; a state, which has words of its own; names of workloads and of authors
			}
			text = strings.ReplaceAll(put.ReplaceAllString(text, "X"), "%%", "%")
			known := false
			for _, whole := range []string{text, "X" + text, "X" + text + ".", text + "X)"} {
				known = known || s.say(whole) != whole
			}
			if said++; !known {
				t.Errorf("%s: no Chinese for %q", name, text)
			}
			return true
		})
	}
	if said < 50 {
		t.Errorf("only %d sentences were looked at", said)
	}
}
