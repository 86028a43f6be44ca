package convert

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (o object) write(out *bytes.Buffer) error {
	for _, comment := range o.comments {
		out.WriteString(wrapped(comment))
	}
	var node yaml.Node
	if err := node.Encode(o.content); err != nil {
		return err
	}
	arrange(&node)
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(&node); err != nil {
		return err
	}
	return encoder.Close()
}

// order is that of fields which people do not read alphabetically.
func order() []string {
	return []string{
		"apiVersion", "group", "kind", "metadata", "spec", "name", "namespace", "hosts", "host",
		"parentRefs", "priority", "workloadSelector", "selector", "mtls", "action", "match", "matches",
		"fault", "route", "backendRefs", "destination", "subset", "port", "weight", "type",
	}
}

// arrange puts the fields of every mapping in order.
func arrange(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		pairs := slices.Collect(slices.Chunk(n.Content, 2))
		slices.SortStableFunc(pairs, func(a, b []*yaml.Node) int {
			return cmp.Compare(place(a), place(b))
		})
		n.Content = slices.Concat(pairs...)
	}
	for _, child := range n.Content {
		arrange(child)
	}
}

func place(pair []*yaml.Node) int {
	fields := order()
	i := slices.Index(fields, pair[0].Value)
	if i < 0 {
		return len(fields)
	}
	return i
}

const commentWidth = 96

// wrapped is a sentence as lines of comment.
func wrapped(text string) string {
	var out strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > commentWidth {
			out.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return out.String() + line + "\n"
}
