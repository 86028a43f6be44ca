// Package text makes what strangers send fit for a line: of a log, of a terminal, of a span.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxField is how much of a stranger's text a line shows, in bytes.
const MaxField = 300

// Cut returns s, or its beginning and an ellipsis where it has more than most bytes. What it cut
// does not keep the rest in memory.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Printable returns the line, or a copy of it in which everything is escaped that a terminal
// could act on and log/slog leaves as it is: DEL, the controls above it, and what has no shape,
// such as the marks that turn a text's direction. The escapes are JSON's.
func Printable(line []byte) []byte {
	for i, b := range line {
		if b >= 0x7f {
			return escaped(line, i)
		}
	}
	return line
}

func escaped(line []byte, from int) []byte {
	out := append(make([]byte, 0, len(line)+16), line[:from]...)
	for len(line) > from {
		r, size := utf8.DecodeRune(line[from:])
		if r < 0x7f || unicode.IsPrint(r) && size > 1 {
			out = append(out, line[from:from+size]...)
		} else {
			out = appendEscape(out, r)
		}
		from += size
	}
	return out
}

func appendEscape(out []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Appendf(out, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// Line returns s as a part of a line: white space of all kinds is one blank, the rest is
// printable, and not too long.
func Line(s string) string {
	s = Cut(strings.Join(strings.Fields(s), " "), MaxField)
	return string(Printable([]byte(controls(s))))
}

// controls escapes those of ASCII, which a log's format escapes by itself.
func controls(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' }) < 0 {
		return s
	}
	var out []byte
	for i := range len(s) {
		if s[i] < ' ' {
			out = appendEscape(out, rune(s[i]))
		} else {
			out = append(out, s[i])
		}
	}
	return string(out)
}
