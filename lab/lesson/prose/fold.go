package prose

import (
	"slices"
	"strings"
)

// Folder lays lines that are wider than a terminal out in several ones. It breaks them at blanks, and the
// rows of a table at the same columns, so that each cell stays below its head. The zero value folds nothing.
type Folder struct {
	// Width is how many columns there are; 0: lines stay as they are. Optional.
	Width int

	cuts []int // where the rows of the table are broken that is being shown
}

// further is before what goes on with a line.
const further = "  "

// Like breaks the rows that follow where a row is to be broken that has the widest cell in each column.
func (f *Folder) Like(row string) {
	f.cuts = nil
	if f.Width > 0 && Width(row) > f.Width {
		f.cuts = f.broken([]rune(row))
	}
}

// Fold returns the lines that a line is shown as.
func (f *Folder) Fold(line string) []string {
	text := []rune(line)
	isRow := isRow(f.cuts, text)
	if f.Width == 0 || !isRow && Width(line) <= f.Width {
		f.cuts = nil
		return []string{line}
	}
	if !isRow {
		f.cuts = f.broken(text)
	}
	var lines []string
	from, indent := 0, ""
	for _, to := range append(slices.Clone(f.cuts), len(text)) {
		if to = min(to, len(text)); from == to {
			continue
		}
		part := indent + strings.TrimRight(string(text[from:to]), " ")
		lines = append(lines, atBlanks(part, f.Width, f.below(part, indent+further))...)
		from, indent = to, further
	}
	return lines
}

// isRow reports whether a line is one of the table that is broken at some columns: two blanks are before
// each of them, as far as the line goes.
func isRow(cuts []int, text []rune) bool {
	return len(cuts) > 0 && len(text) > 0 && !slices.ContainsFunc(cuts, func(at int) bool {
		return at < len(text) && !isGap(text[:at])
	})
}

func isGap(before []rune) bool {
	n := len(before)
	return n >= 2 && before[n-1] == ' ' && before[n-2] == ' '
}

// cells are where the cells of a row begin, but for the first.
func cells(text []rune) []int {
	var list []int
	begun := false
	for at, c := range text {
		if begun && c != ' ' && isGap(text[:at]) {
			list = append(list, at)
		}
		begun = begun || c != ' '
	}
	return list
}

// broken is before which cells a row is broken: each line has as many as there is room for. A last cell that
// has room for its words beside the others stays there.
func (f *Folder) broken(text []rune) []int {
	var cuts []int
	from, last, indent := 0, 0, ""
	for _, at := range append(cells(text), len(text)) {
		part := indent + strings.TrimRight(string(text[from:at]), " ")
		isTooWide := Width(part) > f.Width && last > from
		if isTooWide && (at < len(text) || f.below(part, "") == "") {
			cuts = append(cuts, last)
			from, indent = last, further
		}
		last = at
	}
	return cuts
}

// below is the indent of what does not fit into a line: below its last cell if that is far enough to the
// left, else the usual one.
func (f *Folder) below(line, usual string) string {
	all := cells([]rune(line))
	if len(all) == 0 {
		return usual
	}
	text := []rune(line)
	at := all[len(all)-1]
	if column := Width(string(text[:at])); column <= f.Width/2 && strings.Contains(string(text[at:]), " ") {
		return strings.Repeat(" ", column)
	}
	return usual
}

// atBlanks breaks a line at blanks; words stay whole, and what follows has an indent.
func atBlanks(line string, width int, indent string) []string {
	var lines []string
	for Width(line) > width {
		at := lastBlank(line, width)
		if at < 0 {
			break
		}
		lines = append(lines, strings.TrimRight(line[:at], " "))
		line = indent + strings.TrimLeft(line[at:], " ")
	}
	return append(lines, line)
}

// lastBlank is where the last blank is that a line of a width may end at, else the first one behind it; -1
// if there is none. Those that a line begins with do not count.
func lastBlank(line string, width int) int {
	begin := len(line) - len(strings.TrimLeft(line, " "))
	found := -1
	for at, c := range line {
		if c != ' ' || at < begin {
			continue
		}
		if Width(line[:at]) > width && found >= 0 {
			break
		}
		found = at
	}
	return found
}
