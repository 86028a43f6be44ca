package book

import (
	"strings"
	"testing"
)

func TestPrints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		page, came string
		want       bool
	}{
		"not compared": {"", "anything", true},
		"same":         {"a\nb", "a\nb", true},
		"blanks":       {"a b", "  a    b  ", true},
		"more":         {"a", "a\nb", false},
		"less":         {"a\nb", "a", false},
		"part":         {"from '…': …", "from 'x-1': 12", true},
		"part differs": {"from '…': 1", "from 'x': 2", false},
		"no lines":     {"a\n…", "a", true},
		"many lines":   {"a\n…\nz", "a\nb\nc\nz", true},
		"quoted":       {"a.c [x]", "abc [x]", false},
		"any":          {"…", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var command Command
			if c.page != "" {
				command.Output = strings.Split(c.page, "\n")
			}
			var came []string
			if c.came != "" {
				came = strings.Split(c.came, "\n")
			}
			if got := command.Prints(came); got != c.want {
				t.Errorf("%q prints %q: %t", c.page, c.came, got)
			}
		})
	}
}
