package main

import (
	"strings"
	"testing"
)

const house = "# Contributing\n\n" + tableHeading + `

The table.

| room | may import | libraries |
|---|---|---|
| ` + "`top`" + ` | ` + "`low`, `low/inner`" + ` | ` + "`x.org/lib`" + `, which draws |
| ` + "`low`" + `, ` + "`low/inner`" + ` | | |

## Another

| ` + "`nobody`" + ` | | |
`

func TestTable(t *testing.T) {
	t.Parallel()
	rooms, err := parseTable(house)
	if err != nil || len(rooms) != 3 {
		t.Fatalf("got %v, %v", rooms, err)
	}
	if r := rooms[0]; r.name != "top" || strings.Join(r.rooms, " ") != "low low/inner" || strings.Join(r.libraries, " ") != "x.org/lib" {
		t.Errorf("got %+v", r)
	}
	for _, text := range []string{"# Contributing\n", "\n" + tableHeading + "\n\nno table\n"} {
		if rooms, err := parseTable(text); err == nil {
			t.Errorf("%q: got %v", text, rooms)
		}
	}
}

func TestArrows(t *testing.T) {
	t.Parallel()
	rooms, err := parseTable(house)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		packages map[string][]string
		want     []string
	}{
		{"all as it is allowed", map[string][]string{
			"top":       {"istio-tutorial/low", "istio-tutorial/low/inner", "x.org/lib/part"},
			"low":       {"istio-tutorial/low/other"},
			"low/other": nil, "low/inner": nil,
		}, nil},
		{"forbidden and new", map[string][]string{
			"top":       {"istio-tutorial/low", "istio-tutorial/low/inner", "x.org/lib"},
			"low":       {"istio-tutorial/top", "x.org/lib", "istio-tutorial/low/inner"},
			"low/inner": {"istio-tutorial/nowhere"},
			"lower":     nil,
		}, []string{
			"low: imports top, which CONTRIBUTING.md does not allow",
			"low: imports x.org/lib, which CONTRIBUTING.md does not allow",
			"low: imports low/inner, which CONTRIBUTING.md does not allow",
			"low/inner: imports nowhere, which CONTRIBUTING.md does not allow",
			"lower: has no row in CONTRIBUTING.md: " + tableHeading,
		}},
		{"not needed", map[string][]string{"top": {"istio-tutorial/low"}, "low": nil}, []string{
			"CONTRIBUTING.md: `top` may import `low/inner`, and does not",
			"CONTRIBUTING.md: `top` may import `x.org/lib`, and does not",
			"CONTRIBUTING.md: `low/inner` has a row and no package",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hold(t, compare(rooms, c.packages), nil, c.want...)
		})
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	root := repository(t, map[string]string{
		"CONTRIBUTING.md": house,
		"go.work":         "go 1.26\n\nuse ./top\n",
		"top/go.mod":      "module istio-tutorial/top\n\ngo 1.26\n",
		"top/top.go":      "package top\n\nimport _ \"fmt\"\n",
		"top/on/on.go":    "//go:build cluster\n\npackage on\n\nimport _ \"istio-tutorial/top\"\n",
	})
	got, err := checkArrows(root)
	hold(t, got, err,
		"CONTRIBUTING.md: `top` may import `low`, and does not",
		"CONTRIBUTING.md: `top` may import `low/inner`, and does not",
		"CONTRIBUTING.md: `top` may import `x.org/lib`, and does not",
		"CONTRIBUTING.md: `low` has a row and no package",
		"CONTRIBUTING.md: `low/inner` has a row and no package",
	)
}
