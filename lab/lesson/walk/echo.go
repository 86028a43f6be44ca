package walk

import (
	"strings"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/prose"
)

// echo shows a command in lines that fit into the terminal and can be typed so.
func (g *guide) echo(c book.Command) {
	if strings.Contains(c.Text, "<<") { // what the shell reads from the command itself stays as it is
		c.Echo(func(line string) { g.print(g.painted(bold, line)) })
		return
	}
	var quote rune
	c.Echo(func(line string) {
		var lines []string
		lines, quote = broken(line, g.screen.Width(), quote)
		for _, part := range lines {
			g.print(g.painted(bold, part))
		}
	})
}

// morePrompt begins each further line of a command, as the shell writes it.
const morePrompt = "> "

// broken breaks a line of a command at blanks that are not between quotes: there the shell goes on after a
// backslash. quote is the one that the line begins in, 0 for none; the one that it ends in is returned.
func broken(line string, width int, quote rune) (lines []string, ends rune) {
	const more = " \\"
	for {
		at, inside := breakAt(line, width-len(more), quote)
		if prose.Width(line) <= width || at < 0 {
			return append(lines, line), inside
		}
		lines = append(lines, line[:at]+more)
		line, quote = morePrompt+"  "+strings.TrimLeft(line[at:], " "), 0
	}
}

// breakAt is the last blank at which a line may be broken so that what is before it has the width, or the first if
// none has; -1: there is none. inside is the quote that the line ends in.
func breakAt(line string, width int, quote rune) (at int, inside rune) {
	at, inside = -1, quote
	for i, c := range line {
		switch {
		case c == inside:
			inside = 0
		case inside == 0 && (c == '\'' || c == '"'):
			inside = c
		case c == ' ' && inside == 0 && (at < 0 || prose.Width(line[:i]) <= width) && strings.TrimLeft(line[:i], "$> ") != "":
			at = i
		}
	}
	return at, inside
}

// printed shows what a command prints, as far as there is room for it.
func (g *guide) printed() func(line string) {
	folder := prose.Folder{Width: g.screen.Width()}
	return func(line string) {
		for _, part := range folder.Fold(line) {
			g.print(part)
		}
	}
}
