package document

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plain is n without aliases and merge keys. It refuses what no Kubernetes object has:
// duplicate keys, keys that are not scalars, and more depth or nodes than the limits.
func (s *stream) plain(n *yaml.Node) (*yaml.Node, error) {
	return s.plainAt(n, 0)
}

func (s *stream) plainAt(n *yaml.Node, depth int) (*yaml.Node, error) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if depth > MaxDepth {
		return nil, s.errorAt(n, "nested deeper than %d levels", MaxDepth)
	}
	if s.nodes++; s.nodes > MaxNodes {
		return nil, s.errorAt(n, "more than %d values, aliases counted", MaxNodes)
	}
	out := *n
	out.Anchor, out.Content = "", make([]*yaml.Node, 0, len(n.Content))
	for _, c := range n.Content {
		p, err := s.plainAt(c, depth+1)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, p)
	}
	if out.Kind != yaml.MappingNode {
		return &out, nil
	}
	return &out, s.plainMapping(&out)
}

func (s *stream) plainMapping(n *yaml.Node) error {
	seen := make(map[string]bool, len(n.Content)/2)
	var own, merged []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			return s.errorAt(key, "a key must be a scalar, not %s", describe(key))
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
		case seen[key.Value]:
			return s.errorAt(key, "key %q given twice", key.Value)
		default:
			seen[key.Value] = true
			own = append(own, key, value)
		}
	}
	n.Content = own
	return s.merge(n, merged, seen)
}

// merge adds the pairs of `<<:` whose keys the mapping does not have itself; the first wins.
func (s *stream) merge(n *yaml.Node, sources []*yaml.Node, seen map[string]bool) error {
	for _, source := range sources {
		if source.Kind == yaml.SequenceNode {
			if err := s.merge(n, source.Content, seen); err != nil {
				return err
			}
			continue
		}
		if source.Kind != yaml.MappingNode {
			return s.errorAt(source, "want a mapping to merge, not %s", describe(source))
		}
		for i := 0; i < len(source.Content); i += 2 {
			if key := source.Content[i]; !seen[key.Value] {
				seen[key.Value] = true
				n.Content = append(n.Content, key, source.Content[i+1])
			}
		}
	}
	return nil
}

func (s *stream) errorAt(n *yaml.Node, format string, args ...any) error {
	return &Error{File: s.file, Line: n.Line, Cause: fmt.Errorf(format, args...)}
}

// index remembers the line of every field.
func (d Document) index(n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			field := Join(path, n.Content[i].Value)
			d.lines[fieldKey(field)] = n.Content[i].Line
			d.index(n.Content[i+1], field)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			field := index(path, i)
			d.lines[fieldKey(field)] = item.Line
			d.index(item, field)
		}
	}
}

func (d Document) line(path string) int {
	for path != "" {
		if line, ok := d.lines[fieldKey(path)]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return d.Line
}

// fieldKey makes the spellings of one field equal: http_fault is httpFault.
func fieldKey(path string) string {
	return strings.ToLower(strings.ReplaceAll(path, "_", ""))
}

// Join is the path of a field; a key that is no plain word stands in brackets and quotes.
func Join(path, key string) string {
	switch {
	case strings.ContainsAny(key, `.[]"/ `) || key == "":
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
