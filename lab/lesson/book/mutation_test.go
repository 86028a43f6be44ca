package book

import (
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
		text, err := Mutation{Field: words[0], values: words[1:]}.Apply(rule)
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
		m := Mutation{Of: Typed, Field: field, values: []string{"c"}}
		if got := m.Concerns(Command{Text: typedText}); got != want {
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
		if got := (Mutation{Of: of}).Concerns(Command{Text: c.command}); got != c.want {
			t.Errorf("%s concerns %q: %t", of, c.command, got)
		}
	}
}
