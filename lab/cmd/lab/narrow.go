package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// printNarrow prints rows below their header. Where a terminal has no room for them, columns in which every row has
// none are named below in one line instead.
func printNarrow(w io.Writer, rows [][]string) error {
	terminal, ok := w.(*folded)
	if !ok || columnsOf(rows) <= terminal.folder.Width {
		return (&tablePrinter{w: w}).print(rows)
	}
	rows, left := withoutNone(rows)
	if err := (&tablePrinter{w: w}).print(rows); err != nil || len(left) == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "none: %s\n", strings.Join(left, ", "))
	return err
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
