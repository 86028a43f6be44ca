package prose

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extended "github.com/yuin/goldmark/extension/ast"
)

// gap is between two columns.
const gap = 2

// table shows a table as columns, which are as wide as what is in them, or as there is room for; where that
// would break a word, each row is a list.
func (r renderer) table(n *extended.Table, width int) []string {
	var rows [][][]word
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		as := look(0)
		if row.Kind() == extended.KindTableHeader {
			as = bold
		}
		rows = append(rows, r.cells(row, as))
	}
	widths := share(natural(rows), width)
	if breaksWord(rows, widths) {
		return r.stacked(rows, width)
	}
	airy := sum(natural(rows))+gap*(len(widths)-1) > width
	var lines []string
	for i, row := range rows {
		if i > 1 && airy {
			lines = append(lines, "")
		}
		lines = append(lines, r.row(row, widths)...)
		if i == 0 {
			lines = append(lines, rule(widths))
		}
	}
	return lines
}

// breaksWord reports whether a word is to be broken where it has no slash.
func breaksWord(rows [][][]word, widths []int) bool {
	for _, row := range rows {
		for i, cell := range row {
			for _, w := range cell {
				parts := w.cut(max(1, widths[i]))
				for _, p := range parts[:len(parts)-1] {
					if !strings.HasSuffix(p.text(), "/") {
						return true
					}
				}
			}
		}
	}
	return false
}

// stacked shows the rows below each other, each cell behind the head of its column.
func (r renderer) stacked(rows [][][]word, width int) []string {
	const indent = "  "
	var lines []string
	for i, row := range rows[1:] {
		if i > 0 {
			lines = append(lines, "")
		}
		for n, cell := range row {
			if len(cell) == 0 {
				continue
			}
			if head := r.wrap(rows[0][n], max(1, width-1)); len(head) > 0 { // a column may have none
				head[len(head)-1] += ":"
				lines = append(lines, head...)
			}
			for _, line := range r.wrap(cell, max(1, width-len(indent))) {
				lines = append(lines, indent+line)
			}
		}
	}
	return lines
}

func (r renderer) cells(row ast.Node, as look) [][]word {
	var cells [][]word
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		cells = append(cells, r.inline(cell, as))
	}
	return cells
}

// natural is how wide each column would be, if there were room.
func natural(rows [][][]word) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			n := 0
			for _, w := range cell {
				n += w.width()
				if w.apart {
					n++
				}
			}
			widths[i] = max(widths[i], n)
		}
	}
	return widths
}

// share narrows the widest columns until all fit into a width; each keeps one column at least.
func share(widths []int, width int) []int {
	room := max(len(widths), width-gap*(len(widths)-1))
	for sum(widths) > room {
		widest, second := 0, 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		for i, w := range widths {
			if i != widest {
				second = max(second, w)
			}
		}
		widths[widest] = min(widths[widest]-1, max(second, widths[widest]-(sum(widths)-room)))
	}
	return widths
}

func sum(list []int) int {
	n := 0
	for _, v := range list {
		n += v
	}
	return n
}

// row lays the cells of a row out side by side.
func (r renderer) row(cells [][]word, widths []int) []string {
	var columns [][]string
	height := 0
	for i, cell := range cells {
		column := r.wrap(cell, widths[i])
		columns = append(columns, column)
		height = max(height, len(column))
	}
	lines := make([]string, height)
	for y := range lines {
		var b strings.Builder
		pad := 0
		for i, column := range columns {
			b.WriteString(strings.Repeat(" ", pad))
			pad = widths[i] + gap
			if y < len(column) {
				b.WriteString(column[y])
				pad -= Width(Bare(column[y]))
			}
		}
		lines[y] = b.String()
	}
	return lines
}

// rule is the line below a table's head.
func rule(widths []int) string {
	var parts []string
	for _, w := range widths {
		parts = append(parts, strings.Repeat("-", w))
	}
	return strings.Join(parts, strings.Repeat(" ", gap))
}

// Bare is a line without its looks.
func Bare(line string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(line, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, line, _ = strings.Cut(rest, "m")
	}
}
