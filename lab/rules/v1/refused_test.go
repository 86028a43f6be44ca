package v1

import (
	"os"
	"strings"
	"testing"
)

// TestRefusedPage holds that the page names every field that is refused, under its kind.
func TestRefusedPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/refused.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds() {
		heading := k.Kind
		if k.Kind == "Gateway" {
			heading += " (" + k.Group + ")"
		}
		_, rest, found := strings.Cut(string(page), "\n## "+heading+"\n")
		section, _, _ := strings.Cut(rest, "\n## ")
		fields := unsupported()[k.Kind]
		if len(fields) > 0 && !found {
			t.Errorf("heading %s is not there", heading)
		}
		for _, field := range fields {
			if !strings.Contains(section, "`"+field+"`") {
				t.Errorf("%s: the page has no %s", heading, field)
			}
		}
	}
}
