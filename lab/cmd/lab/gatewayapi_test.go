package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGatewayAPIPage holds the page's table against what convert says of each file.
func TestGatewayAPIPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(repository, "docs", "gateway-api.md"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Glob(filepath.Join(repository, "istiofiles", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, rule := range rules {
		left[filepath.Base(rule)] = true
	}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if len(cells) < 3 || strings.HasPrefix(line, "| lesson") {
			continue
		}
		for _, m := range span.FindAllStringSubmatch(cells[1], -1) {
			delete(left, m[1])
			said := surroundings{}.run(t, "convert", "--to", "gateway-api",
				"-f", filepath.Join(repository, "istiofiles", m[1]))
			if can := cells[2] != "**no**"; can != (said.status == ok) {
				t.Errorf("%s: the page says %s; %+v", m[1], cells[2], said)
			}
			if has := strings.Contains(said.stdout, "retry:"); has != (cells[2] == "experimental") {
				t.Errorf("%s: the page says %s; a retry in it: %t", m[1], cells[2], has)
			}
		}
	}
	if len(left) > 0 {
		t.Errorf("the page lacks %v", left)
	}
}
