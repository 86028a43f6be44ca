package document

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Has reports whether there is a field at a path.
func (d Document) Has(path string) bool { return d.at(path) != nil }

// Says reports whether there is a value at a path that is not null.
func (d Document) Says(path string) bool {
	n := d.at(path)
	return n != nil && !isNull(n)
}

// at is the value at a path; nil if there is none.
func (d Document) at(path string) *yaml.Node {
	n := d.node
	for path != "" && n != nil {
		var step string
		step, path = cutStep(path)
		n, _ = field(n, step)
	}
	return n
}

// Text is the scalar at a path; "" if there is none.
func (d Document) Text(path string) string {
	if n := d.at(path); n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

// Quote is the lines of the file from the field at a path to its end, as they were read, without
// their common indentation and at most so many; line is the first one's number. A field that is
// not there has the line of its nearest parent, and no text.
func (d Document) Quote(path string, most int) (line int, text []string) {
	line = d.line(path)
	n := d.at(path)
	if n == nil {
		return line, nil
	}
	last := min(lastLine(n), line+most-1)
	number := 0
	for one := range bytes.Lines(d.data) {
		if number++; number >= line && number <= last {
			text = append(text, strings.TrimRight(string(one), " \r\n"))
		}
	}
	return line, unindented(text)
}

// lastLine is that on which a value's last part begins.
func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}

func unindented(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	indent := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
	for i, line := range lines {
		lines[i] = Printable(line[min(indent, len(line)-len(strings.TrimLeft(line, " "))):])
	}
	return lines
}
