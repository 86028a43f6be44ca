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

// Fold returns the lines that a line is shown as.
func (f *Folder) Fold(line string) []string {
	text := []rune(line)
	if f.Width == 0 || !fits(f.cuts, text) && Width(line) <= f.Width {
		f.cuts = nil
		return []string{line}
	}
	if !fits(f.cuts, text) {
		f.cuts = f.broken(text)
	}
	var lines []string
	from := 0
	for i, to := range append(slices.Clone(f.cuts), len(text)) {
		part, indent := strings.TrimRight(string(text[from:to]), " "), further
		if i > 0 {
			part, indent = further+part, further+further
		}
		lines = append(lines, atBlanks(part, f.Width, indent)...)
		from = to
	}
	return lines
}

// fits reports whether a line has a cell at each of some columns, as a row of the same table has.
func fits(cuts []int, text []rune) bool {
	return len(cuts) > 0 && !slices.ContainsFunc(cuts, func(at int) bool { return !beginsCell(text, at) })
}

// beginsCell reports whether a cell begins at a place: two blanks or more are before it.
func beginsCell(text []rune, at int) bool {
	return at >= 2 && at < len(text) && text[at] != ' ' && text[at-1] == ' ' && text[at-2] == ' '
}

// broken is before which cells a row is broken: each line has as many as there is room for.
func (f *Folder) broken(text []rune) []int {
	var cuts []int
	from, last, indent := 0, 0, 0
	for at := range len(text) + 1 {
		if at < len(text) && (!beginsCell(text, at) || strings.TrimSpace(string(text[:at])) == "") {
			continue
		}
		part := strings.TrimRight(string(text[from:at]), " ")
		if indent+Width(part) > f.Width && last > from {
			cuts = append(cuts, last)
			from, indent = last, len(further)
		}
		last = at
	}
	return cuts
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
