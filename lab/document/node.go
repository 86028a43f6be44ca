package document

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plain is n without aliases and merge keys. It refuses what no Kubernetes object has:
// duplicate keys, keys that are not scalars, and more depth or nodes than the limits.
func (s *stream) plain(n *yaml.Node) (*yaml.Node, error) {
	return s.plainAt(n, 0, 0)
}

// plainAt is plain for a node at a depth, to which a path of that many bytes leads.
func (s *stream) plainAt(n *yaml.Node, depth, path int) (*yaml.Node, error) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if err := s.count(n, depth, path); err != nil {
		return nil, err
	}
	out := *n
	out.Anchor, out.Content = "", make([]*yaml.Node, 0, len(n.Content))
	for i, c := range n.Content {
		below := path
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			below += len(out.Content[i-1].Value)
		}
		p, err := s.plainAt(c, depth+1, below)
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

// count refuses a node that exceeds a limit.
func (s *stream) count(n *yaml.Node, depth, path int) error {
	s.nodes++
	s.bytes += len(n.Value) + path
	switch {
	case depth > MaxDepth:
		return s.errorAt(n, "nested deeper than %d levels", MaxDepth)
	case s.nodes > MaxNodes:
		return s.errorAt(n, "more than %d values, aliases counted", MaxNodes)
	case s.bytes > MaxExpanded:
		return s.errorAt(n, "more than %d bytes of values and field names, aliases counted", MaxExpanded)
	}
	return nil
}

func (s *stream) plainMapping(n *yaml.Node) error {
	seen := make(map[string]bool, len(n.Content)/2)
	var own, merged []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			return s.errorAt(key, "a key must be a scalar, not %s", describe(key))
		case len(key.Value) > MaxKey:
			return s.errorAt(key, "key %s: longer than %d bytes", quote(key.Value), MaxKey)
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
		case seen[key.Value]:
			return s.errorAt(key, "key %s given twice", quote(key.Value))
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

// Join is the path of a field; a key that is no plain word stands in brackets and quotes.
func Join(path, key string) string {
	switch {
	case strings.ContainsAny(key, `.[]"/ `) || key == "" || Printable(key) != key:
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

// setDefault adds a text under a key that is not there.
func setDefault(n *yaml.Node, key, value string) {
	if child(n, key) == nil {
		n.Content = append(n.Content,
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: n.Line},
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Line: n.Line})
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
