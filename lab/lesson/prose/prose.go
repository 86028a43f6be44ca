// Package prose shows Markdown in a terminal: wrapped to a width, with tables as columns, and with
// colours where there are any.
package prose

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extended "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Parse reads Markdown as the pages are written: that of the forges, with tables.
func Parse(source []byte) ast.Node {
	return goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
}

// Style says what a terminal is like.
type Style struct {
	// Width is how many columns there are. Required.
	Width int
	// Colour allows bold, underlined and coloured text.
	Colour bool
	// Link returns what a reader of a terminal can do with a link's target; "" shows its text only.
	// Optional.
	Link func(target string) string
	// Picture stands in the place of a picture; "" leaves it out. Optional.
	Picture string
}

// Render returns Markdown as lines, without an empty one at either end.
func Render(markdown string, style Style) []string {
	source := []byte(markdown)
	r := renderer{source: source, Style: style}
	return r.blocks(Parse(source), style.Width, true)
}

// renderer shows the parts of one text.
type renderer struct {
	source []byte
	Style
}

// blocks are the parts of a node below each other; loose ones have an empty line between them.
func (r renderer) blocks(parent ast.Node, width int, loose bool) []string {
	var lines []string
	width = max(width, 1) // deep in a list there may be none left
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		part := r.block(n, width)
		if len(part) == 0 {
			continue
		}
		if len(lines) > 0 && loose && !sameList(n) {
			lines = append(lines, "")
		}
		lines = append(lines, part...)
	}
	return lines
}

// sameList reports whether a list goes on with the one before it: a comment between two items ends
// a list for the parser, but nobody sees it.
func sameList(n ast.Node) bool {
	list, ok := n.(*ast.List)
	before := n.PreviousSibling()
	for before != nil && before.Kind() == ast.KindHTMLBlock {
		before = before.PreviousSibling()
	}
	last, follows := before.(*ast.List)
	return ok && follows && list.IsTight && last.IsTight && list.Marker == last.Marker
}

func (r renderer) block(n ast.Node, width int) []string {
	switch n := n.(type) {
	case *ast.Heading:
		return r.heading(n, width)
	case *ast.Paragraph, *ast.TextBlock:
		return r.wrap(r.inline(n, 0), width)
	case *ast.List:
		return r.list(n, width)
	case *ast.Blockquote:
		return indented(r.blocks(n, width-2, true), "| ", "| ")
	case *ast.FencedCodeBlock:
		return r.fence(n, width)
	case *ast.CodeBlock:
		return r.code(n.Lines(), width)
	case *ast.ThematicBreak:
		return []string{strings.Repeat("-", width)}
	case *extended.Table:
		return r.table(n, width)
	}
	return nil // comments and HTML
}

// heading is bold where there is colour, and underlined by a line of its own where there is none.
// Together returns how many of the first lines belong on one screen: those of a heading, and the first
// line behind it.
func Together(lines []string) int {
	n := 1
	for ; n < len(lines) && (isHeading(lines[n-1]) || isHeading(lines[n]) && strings.Trim(lines[n], "-=") == ""); n++ {
	}
	for ; n > 1 && n < len(lines) && lines[n-1] == ""; n++ {
	}
	return n
}

// isHeading reports whether a line is a heading's: all of it is bold, or it is the stroke below one.
func isHeading(line string) bool {
	bare, bold := strings.CutPrefix(line, "\x1b[1m")
	return line != "" && strings.Trim(line, "-=") == "" || bold && strings.Index(bare, "\x1b") == len(bare)-len("\x1b[0m")
}

func (r renderer) heading(n *ast.Heading, width int) []string {
	lines := r.wrap(r.inline(n, bold), width)
	if r.Colour || len(lines) == 0 {
		return lines
	}
	stroke := "-"
	if n.Level == 1 {
		stroke = "="
	}
	return append(lines, strings.Repeat(stroke, Width(lines[len(lines)-1])))
}

func (r renderer) list(n *ast.List, width int) []string {
	var lines []string
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		if len(lines) > 0 && !n.IsTight {
			lines = append(lines, "")
		}
		body := r.blocks(item, width-len(mark), !n.IsTight)
		lines = append(lines, indented(body, mark, strings.Repeat(" ", len(mark)))...)
	}
	return lines
}

// fence is code; a picture is not for a terminal.
func (r renderer) fence(n *ast.FencedCodeBlock, width int) []string {
	if string(n.Language(r.source)) != "mermaid" {
		return r.code(n.Lines(), width)
	}
	return r.wrap(split([]span{{r.Picture, dim}}), width)
}

// code stands as it is, as far as there is room for it.
func (r renderer) code(segments *text.Segments, width int) []string {
	folder := Folder{Width: max(1, width-len(codeIndent))}
	var lines []string
	for line := range strings.Lines(string(segments.Value(r.source))) {
		for _, part := range folder.Fold(strings.TrimSuffix(line, "\n")) {
			lines = append(lines, r.paint(part, code))
		}
	}
	return indented(lines, codeIndent, codeIndent)
}

const codeIndent = "    "

// indented puts a text before the first line, and another before the others.
func indented(lines []string, first, other string) []string {
	for i, line := range lines {
		lead := other
		if i == 0 {
			lead = first
		}
		lines[i] = strings.TrimRight(lead+line, " ")
	}
	return lines
}
