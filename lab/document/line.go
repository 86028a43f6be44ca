package document

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (s *stream) errorAt(n *yaml.Node, format string, args ...any) error {
	return &Error{File: s.file, Line: n.Line, Cause: fmt.Errorf(format, args...)}
}

// line is that of the field at path, or of its nearest parent that is there.
func (d Document) line(path string) int {
	n, line := d.node, d.Line
	for path != "" && n != nil {
		var step string
		step, path = cutStep(path)
		var at int
		if n, at = field(n, step); n != nil {
			line = at
		}
	}
	return line
}

// cutStep is the first step of a path as join and index write it, unquoted, and the rest.
func cutStep(path string) (step, rest string) {
	if quoted, ok := strings.CutPrefix(path, "["); ok {
		if text, err := strconv.QuotedPrefix(quoted); err == nil {
			step, _ = strconv.Unquote(text) // QuotedPrefix found it valid
			return step, strings.TrimPrefix(quoted[len(text):], "]")
		}
		step, rest, _ = strings.Cut(quoted, "]")
		return step, rest
	}
	path = strings.TrimPrefix(path, ".")
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end], path[end:]
	}
	return path, ""
}

// field is what a step leads to, and its line; nil if that is not there.
func field(n *yaml.Node, step string) (value *yaml.Node, line int) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if fieldKey(n.Content[i].Value) == fieldKey(step) {
				value, line = n.Content[i+1], n.Content[i].Line
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i], n.Content[i].Line
		}
	}
	return value, line
}

// fieldKey makes the spellings of one field equal: http_fault is httpFault.
func fieldKey(path string) string {
	return strings.ToLower(strings.ReplaceAll(path, "_", ""))
}
