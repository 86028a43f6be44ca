package prose

import "strings"

// Wrap lays plain text out in lines of a width.
func Wrap(text string, width int) []string {
	return renderer{}.wrap(split([]span{{text, 0}}), width)
}

// wrap lays words out in lines of a width.
func (r renderer) wrap(words []word, width int) []string {
	var lines []string
	for _, line := range fill(words, max(1, width)) {
		lines = append(lines, r.line(line))
	}
	return lines
}

// fill puts as many words into each line as there is room for.
func fill(words []word, width int) [][]word {
	var lines [][]word
	used := 0
	for _, w := range words {
		for _, part := range w.cut(width) {
			gap := 0
			if part.apart && used > 0 {
				gap = 1
			}
			if len(lines) == 0 || used+gap+part.width() > width {
				lines = append(lines, nil)
				used, gap = 0, 0
			}
			part.apart = gap > 0
			last := len(lines) - 1
			lines[last] = append(lines[last], part)
			used += gap + part.width()
		}
	}
	return lines
}

// cut is a word in parts that fit into a width: behind a slash if there is one, else anywhere.
func (w word) cut(width int) []word {
	if w.width() <= width {
		return []word{w}
	}
	parts := []word{{apart: w.apart}}
	var last rune
	for _, s := range w.spans {
		for _, c := range s.text {
			part := &parts[len(parts)-1]
			if last == '/' && c != '/' || part.width()+Width(string(c)) > width && len(part.spans) > 0 {
				parts = append(parts, word{})
				part = &parts[len(parts)-1]
			}
			part.add(c, s.look)
			last = c
		}
	}
	return parts
}

// line joins the words of a line; a space between two words of a look has it, too.
func (r renderer) line(words []word) string {
	var spans []span
	for _, w := range words {
		for i, s := range w.spans {
			last := len(spans) - 1
			apart := i == 0 && w.apart
			switch {
			case last >= 0 && spans[last].look == s.look && apart:
				spans[last].text += " " + s.text
			case last >= 0 && spans[last].look == s.look:
				spans[last].text += s.text
			case apart:
				spans = append(spans, span{" ", 0}, s)
			default:
				spans = append(spans, s)
			}
		}
	}
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(r.paint(s.text, s.look))
	}
	return b.String()
}

// paint gives a text its look, by the codes that all terminals with colour know.
func (r renderer) paint(text string, as look) string {
	var codes []string
	for _, c := range []struct {
		look look
		code string
	}{{bold, "1"}, {dim, "2"}, {italic, "3"}, {link, "4"}, {code, "36"}} {
		if as&c.look != 0 {
			codes = append(codes, c.code)
		}
	}
	if !r.Colour || len(codes) == 0 || text == "" {
		return text
	}
	return "\x1b[" + strings.Join(codes, ";") + "m" + text + "\x1b[0m"
}
