package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
)

// kubectl's columns.
const (
	minColumn = 6
	gap       = 3
)

// tablePrinter aligns columns as kubectl does. It remembers their widths, so that rows which come
// later stand below the first ones; text/tabwriter forgets them.
type tablePrinter struct {
	w      io.Writer
	widths []int
}

func (p *tablePrinter) print(rows [][]string) error {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = document.Printable(cell)
			cell = row[i]
			if i == len(p.widths) {
				p.widths = append(p.widths, minColumn)
			}
			p.widths[i] = max(p.widths[i], utf8.RuneCountInString(cell)+gap)
		}
	}
	p.shape()
	for _, row := range rows {
		if _, err := fmt.Fprintln(p.w, p.line(row)); err != nil {
			return err
		}
	}
	return nil
}

// shape tells a terminal how wide the rows are.
func (p *tablePrinter) shape() {
	terminal, ok := p.w.(*folded)
	if !ok {
		return
	}
	widest := make([]string, len(p.widths))
	for i, width := range p.widths {
		widest[i] = strings.Repeat("x", width-gap)
	}
	terminal.folder.Like(p.line(widest))
}

// line leaves the last cell as it is.
func (p *tablePrinter) line(row []string) string {
	var b strings.Builder
	for i, cell := range row {
		if i < len(row)-1 {
			cell = fmt.Sprintf("%-*s", p.widths[i], cell)
		}
		b.WriteString(cell)
	}
	return b.String()
}

// showTable shows rows, below their header the first time. Where several kinds were asked for,
// names are KIND/NAME.
func (o *output) showTable(t control.Table, several bool) error {
	printer := o.tables[t.Resource]
	var lines [][]string
	if printer == nil {
		printer = &tablePrinter{w: o.fitted()}
		if o.tables == nil {
			o.tables = map[string]*tablePrinter{}
		}
		o.tables[t.Resource] = printer
		if !o.noHeaders {
			lines = append(lines, o.header(t.Columns))
		}
	}
	for _, r := range t.Rows {
		cells, err := o.cells(t, r, several)
		if err != nil {
			return err
		}
		lines = append(lines, cells)
	}
	return printer.print(lines)
}

func (o *output) header(columns []control.Column) []string {
	var names []string
	for _, c := range columns {
		if o.shows(c) {
			names = append(names, c.Name)
		}
	}
	for _, name := range o.labelColumns {
		names = append(names, strings.ToUpper(name[strings.LastIndex(name, "/")+1:]))
	}
	if o.showLabels {
		names = append(names, "LABELS")
	}
	return names
}

func (o *output) shows(c control.Column) bool { return !c.Wide || o.format == "wide" }

func (o *output) cells(t control.Table, r control.Row, several bool) ([]string, error) {
	var cells []string
	for i, c := range t.Columns {
		if !o.shows(c) {
			continue
		}
		cell := r.Cells[i]
		if several && c.Name == "NAME" {
			cell = t.Resource + "/" + cell
		}
		cells = append(cells, cell)
	}
	if !o.showLabels && len(o.labelColumns) == 0 {
		return cells, nil
	}
	labels, err := labelsOf(r)
	for _, name := range o.labelColumns {
		cells = append(cells, labels[name])
	}
	if o.showLabels {
		cells = append(cells, cmp.Or(labels.String(), "<none>"))
	}
	return cells, err
}
