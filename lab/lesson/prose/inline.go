package prose

import (
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"golang.org/x/text/width"
)

// look is how a piece of text looks: any of these together.
type look int

const (
	bold look = 1 << iota
	italic
	code
	dim
	link
)

// span is text of one look.
type span struct {
	text string
	look look
}

// inline is the text of a node as spans.
func (r renderer) inline(n ast.Node, as look) []word {
	return split(r.spans(n, as))
}

func (r renderer) spans(parent ast.Node, as look) []span {
	var list []span
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			list = append(list, span{string(unescaped(n, r.source)), as})
			if n.SoftLineBreak() || n.HardLineBreak() {
				list = append(list, span{"\n", as})
			}
		case *ast.String:
			list = append(list, span{string(n.Value), as})
		case *ast.CodeSpan:
			list = append(list, r.codeSpan(n, as)...)
		case *ast.Emphasis:
			emphasis := italic
			if n.Level > 1 {
				emphasis = bold
			}
			list = append(list, r.spans(n, as|emphasis)...)
		case *ast.Link:
			list = append(list, r.linked(r.spans(n, as|link), string(n.Destination), as)...)
		case *ast.AutoLink:
			list = append(list, span{string(n.URL(r.source)), as | link})
		case *ast.Image:
			list = append(list, r.spans(n, as)...)
		}
	}
	return list
}

// unescaped is a text without the backslashes before punctuation.
func unescaped(n *ast.Text, source []byte) []byte {
	raw := n.Segment.Value(source)
	var plain []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) && raw[i+1] < unicode.MaxASCII && unicode.In(rune(raw[i+1]), unicode.P, unicode.S) {
			i++
		}
		plain = append(plain, raw[i])
	}
	return plain
}

// codeSpan is code: coloured, or between the quotes that the page has.
func (r renderer) codeSpan(n *ast.CodeSpan, as look) []span {
	list := r.spans(n, as|code)
	if r.Colour {
		return list
	}
	return append(append([]span{{"`", as | code}}, list...), span{"`", as | code})
}

// linked is a link's text, and what a reader can do with its target.
func (r renderer) linked(text []span, target string, as look) []span {
	if r.Link == nil {
		return text
	}
	if hint := r.Link(target); hint != "" {
		text = append(text, span{" (" + hint + ")", as})
	}
	return text
}

// word is what no line break may be within.
type word struct {
	spans []span
	apart bool // white space is before it
}

func (w word) text() string {
	var b strings.Builder
	for _, s := range w.spans {
		b.WriteString(s.text)
	}
	return b.String()
}

func (w word) width() int {
	n := 0
	for _, s := range w.spans {
		n += Width(s.text)
	}
	return n
}

func (w *word) add(c rune, as look) {
	if last := len(w.spans) - 1; last >= 0 && w.spans[last].look == as {
		w.spans[last].text += string(c)
		return
	}
	w.spans = append(w.spans, span{string(c), as})
}

// split makes words of text: white space ends one, and in Chinese nearly every character does. A
// line's end between two Chinese characters is no space.
func split(spans []span) []word {
	var words []word
	var last rune // 0: none
	var before look
	apart, broken := false, false
	for _, s := range spans {
		for _, c := range s.text {
			if unicode.IsSpace(c) {
				apart, broken = true, c == '\n'
				continue
			}
			if broken && isWide(last) && isWide(c) {
				apart = false
			}
			if apart || last == 0 || mayBreak(last, c) || besideCode(last, c, before, s.look) {
				words = append(words, word{apart: apart && last != 0})
			}
			words[len(words)-1].add(c, s.look)
			last, before, apart, broken = c, s.look, false, false
		}
	}
	return words
}

// mayBreak reports whether a line may end between two characters without white space between them.
func mayBreak(a, b rune) bool {
	if !isWide(a) && !isWide(b) {
		return false
	}
	return !strings.ContainsRune(opening, a) && !strings.ContainsRune(closing, b)
}

// besideCode reports whether a line may end between two characters since code begins or ends there, whose own
// mark is the same on both sides.
func besideCode(a, b rune, before, behind look) bool {
	switch {
	case (before^behind)&code == 0:
		return false
	case behind&code != 0:
		return isWide(a) && !strings.ContainsRune(opening, a)
	}
	return isWide(b) && !strings.ContainsRune(closing, b)
}

// Punctuation that no line ends with, and that no line begins with.
const (
	opening = "（《「『【“‘([{`"
	closing = "，。、；：？！）》」』】”’…,.;:?!)]}`%"
)

// Width is how many columns a text takes: a Chinese character takes two.
func Width(text string) int {
	n := 0
	for _, c := range text {
		switch {
		case unicode.Is(unicode.Mn, c):
		case isWide(c):
			n += 2
		default:
			n++
		}
	}
	return n
}

func isWide(c rune) bool {
	kind := width.LookupRune(c).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}
