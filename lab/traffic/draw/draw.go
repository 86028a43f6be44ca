// Package draw draws who calls whom: a table of edges as Mermaid, for Graphviz, and as a picture.
package draw

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"

	"istio-tutorial/lab/traffic"
)

// copiesLabel is what stands at the line of mirrored copies.
func copiesLabel(c traffic.Copies) string {
	text := "copies, " + traffic.Often(c.Requests, c.Rate)
	if c.Failed > 0 {
		text += fmt.Sprintf(", %d failed", c.Failed)
	}
	return text
}

// edges are those of all lines, the copies' last.
func edges(t traffic.Table) []traffic.Edge {
	var list []traffic.Edge
	for _, r := range t.Rows {
		list = append(list, r.Edge)
	}
	for _, c := range t.Copies {
		list = append(list, c.Edge)
	}
	return list
}

// label is what stands at an edge.
func label(r traffic.Row) string {
	text := traffic.Often(r.Requests, r.Rate)
	if r.Share < 99.95 {
		text += fmt.Sprintf(", %.0f %% of its calls", r.Share)
	}
	if r.Errors > 0 {
		text += fmt.Sprintf(", %.0f %% errors", 100*float64(r.Errors)/float64(r.Requests))
	}
	return text
}

// nodes are all sides of the edges, those first that others do not call.
func nodes(t traffic.Table) []string {
	column := columns(t)
	var list []string
	for n := range column {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(column[a]-column[b], cmp.Compare(a, b)) })
	return list
}

// columns are how many calls lead to each node, at most: callers stand left of whom they call.
func columns(t traffic.Table) map[string]int {
	column := map[string]int{}
	for _, e := range edges(t) {
		column[e.From], column[e.To] = 0, 0
	}
	for range column { // a circle ends, too
		for _, e := range edges(t) {
			if e.From != e.To && column[e.To] <= column[e.From] && column[e.From] < len(column)-1 {
				column[e.To] = column[e.From] + 1
			}
		}
	}
	return column
}

// Mermaid is the table as a flowchart.
func Mermaid(t traffic.Table) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	nodes := nodes(t)
	for i, n := range nodes {
		fmt.Fprintf(&b, "  n%d[\"%s\"]\n", i, mermaidText(n))
	}
	for i, r := range t.Rows {
		arrow := "-->"
		if r.Errors == r.Requests {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  n%d %s|\"%s\"| n%d\n", slices.Index(nodes, r.From), arrow, mermaidText(label(r)), slices.Index(nodes, r.To))
		if r.Errors > 0 {
			fmt.Fprintf(&b, "  linkStyle %d stroke:#c00\n", i)
		}
	}
	for _, c := range t.Copies {
		fmt.Fprintf(&b, "  n%d -.->|\"%s\"| n%d\n", slices.Index(nodes, c.From), mermaidText(copiesLabel(c)), slices.Index(nodes, c.To))
	}
	return b.String()
}

func mermaidText(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "\n", " ", "<", "#lt;", ">", "#gt;").Replace(s)
}

// Dot is the table for Graphviz.
func Dot(t traffic.Table) string {
	var b strings.Builder
	b.WriteString("digraph traffic {\n  rankdir=LR;\n  node [shape=box];\n")
	for _, n := range nodes(t) {
		fmt.Fprintf(&b, "  %s;\n", dotText(n))
	}
	for _, r := range t.Rows {
		more := ""
		if r.Errors > 0 {
			more = ", color=red"
		}
		if r.Errors == r.Requests {
			more += ", style=dashed"
		}
		fmt.Fprintf(&b, "  %s -> %s [label=%s%s];\n", dotText(r.From), dotText(r.To), dotText(label(r)), more)
	}
	for _, c := range t.Copies {
		fmt.Fprintf(&b, "  %s -> %s [label=%s, style=dotted];\n", dotText(c.From), dotText(c.To), dotText(copiesLabel(c)))
	}
	b.WriteString("}\n")
	return b.String()
}

func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
}

// The measures of a picture, in pixels.
const (
	boxWidth, boxHeight = 170, 40
	columnStep, rowStep = 340, 80
	margin              = 20
)

type place struct{ x, y int }

// places are where the boxes stand: callers left of whom they call.
func places(t traffic.Table) (at map[string]place, width, height int) {
	column, used := columns(t), map[int]int{}
	at = map[string]place{}
	for _, n := range nodes(t) {
		c := column[n]
		at[n] = place{margin + c*columnStep, margin + 30 + used[c]*rowStep}
		used[c]++
		width = max(width, at[n].x+boxWidth+margin)
		height = max(height, at[n].y+boxHeight+margin)
	}
	return at, max(width, columnStep), max(height, rowStep)
}

// SVG is the table as a picture. Errors show by the line and in words, not by the colour alone.
func SVG(t traffic.Table) string {
	at, width, height := places(t)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="sans-serif" font-size="13">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>Who calls whom</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height)
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\">%s to %s</text>\n", margin, margin+5,
		t.From.Local().Format("15:04:05"), t.To.Local().Format("15:04:05"))
	for _, r := range t.Rows {
		b.WriteString(rowLine(r, at[r.From], at[r.To]))
	}
	for _, c := range t.Copies {
		b.WriteString(line(at[c.From], at[c.To], `stroke="#777" stroke-width="2" stroke-dasharray="2 5"`, copiesLabel(c), 8))
	}
	for _, n := range nodes(t) {
		p := at[n]
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="#eef" stroke="#335"/>`+"\n", p.x, p.y, boxWidth, boxHeight)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", p.x+boxWidth/2, p.y+boxHeight/2+5, html.EscapeString(cut(n, 24)))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func rowLine(r traffic.Row, from, to place) string {
	stroke := `stroke="#335" stroke-width="2"`
	if r.Errors > 0 {
		stroke = `stroke="#c00" stroke-width="2"`
	}
	if r.Errors == r.Requests {
		stroke += ` stroke-dasharray="6 4"`
	}
	return line(from, to, stroke, label(r), 0)
}

// line leads from one box to another, so far below its place.
func line(from, to place, stroke, label string, below int) string {
	x1, y1, x2, y2 := from.x+boxWidth, from.y+boxHeight/2+below, to.x, to.y+boxHeight/2+below
	return fmt.Sprintf(`<line x1="%d" y1="%d" x2="%d" y2="%d" %s/>`+"\n"+`<text x="%d" y="%d" text-anchor="middle" font-size="11">%s</text>`+"\n",
		x1, y1, x2, y2, stroke, (x1+x2)/2, (y1+y2)/2-6+2*below, html.EscapeString(label))
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
