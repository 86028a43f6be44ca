package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/lesson/prose"
)

// printNarrow prints rows below their header. Where a terminal has no room for them, columns in which every row has
// none are named below in one line instead; where that is not enough, each row is a record.
func printNarrow(w io.Writer, rows [][]string) error {
	terminal, ok := w.(*folded)
	if !ok || columnsOf(rows) <= terminal.folder.Width {
		return (&tablePrinter{w: w}).print(rows)
	}
	rows, left := withoutNone(rows)
	show := (&tablePrinter{w: w}).print
	if columnsOf(rows) > terminal.folder.Width {
		show = terminal.records
	}
	if err := show(rows); err != nil || len(left) == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "none: %s\n", strings.Join(left, ", "))
	return err
}

// records prints each row below the header in lines of its own: the first cell, and below it the others behind
// their column's name.
func (f *folded) records(rows [][]string) error {
	const indent = "  "
	header := rows[0]
	edge := 0
	for _, name := range header {
		edge = max(edge, len(name)+gap)
	}
	for _, row := range rows[1:] {
		lines := []string{fmt.Sprintf("%-*s%s", edge+len(indent), header[0], document.Printable(row[0]))}
		for i := 1; i < len(row); i++ {
			begin := fmt.Sprintf("%s%-*s", indent, edge, header[i])
			for _, part := range prose.Wrap(document.Printable(row[i]), f.folder.Width-len(begin)) {
				lines = append(lines, begin+part)
				begin = strings.Repeat(" ", len(begin))
			}
		}
		if _, err := fmt.Fprintln(f, strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	return nil
}

// columnsOf is how wide a terminal must be for rows.
func columnsOf(rows [][]string) int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], minColumn, utf8.RuneCountInString(cell)+gap)
		}
	}
	sum := -gap // the last one has nothing beside it
	for _, width := range widths {
		sum += width
	}
	return sum
}

// withoutNone returns rows without the columns in which all below the header are none, and the names of those.
func withoutNone(rows [][]string) (kept [][]string, left []string) {
	kept = make([][]string, len(rows))
	for i, name := range rows[0] {
		if len(rows) > 1 && !slices.ContainsFunc(rows[1:], func(row []string) bool { return row[i] != "none" }) {
			left = append(left, name)
			continue
		}
		for j, row := range rows {
			kept[j] = append(kept[j], row[i])
		}
	}
	return kept, left
}
