// Package schema is what is published about the fields of kinds: Kubernetes' own types, and the
// CustomResourceDefinitions of Istio and of the Gateway API.
package schema

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Kind is a kind of object. An empty Version is the first that is published.
type Kind struct {
	Group, Version, Kind string
	Classic              bool // of Istio of 2018
}

// Schema is what is published about a kind.
type Schema struct {
	Kind
	root node
}

// node is an object, a list or a value.
type node struct {
	Type        string // object, array, string ... ; "" is any
	Description string
	Enum        []any
	items       *node                  // of an array
	values      *node                  // of an object whose fields may have any name
	fields      func() map[string]node // of an object
	required    []string
}

// Find finds what is published; root is the repository, by whose modules the versions go.
func Find(ctx context.Context, root string, k Kind) (Schema, error) {
	if k.Classic {
		return Schema{}, fmt.Errorf("%s: nothing is published about its fields any more: see istiofiles/ "+
			"for examples, and docs/ for what they do", k.Kind)
	}
	if n, version, ok := native(k.Group, k.Kind); ok {
		if k.Version != "" && k.Version != version {
			return Schema{}, fmt.Errorf("%s has the version %s, not %s", k.Kind, version, k.Version)
		}
		k.Version = version
		return Schema{k, n}, nil
	}
	return published(ctx, root, k)
}

// word is a type as kubectl writes it.
func (n node) word() string {
	switch {
	case n.items != nil:
		return "[]" + n.items.word()
	case n.values != nil:
		return "map[string]" + n.values.word()
	case n.Type == "object" || n.fields != nil:
		return "Object"
	case n.Type == "":
		return "Object"
	default:
		return n.Type
	}
}

// object is the node whose fields are meant: of a list, that of its entries.
func (n node) object() node {
	for n.items != nil || n.values != nil {
		if n.items != nil {
			n = *n.items
		} else {
			n = *n.values
		}
	}
	return n
}

// below is the node of a field.
func (n node) below(field string) (node, error) {
	o := n.object()
	if o.fields == nil {
		return node{}, fmt.Errorf("field %q does not exist", field)
	}
	fields := o.fields()
	found, ok := fields[field]
	if !ok {
		return node{}, fmt.Errorf("field %q does not exist; there is %s", field, strings.Join(sorted(fields), ", "))
	}
	return found, nil
}

func sorted(fields map[string]node) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Write shows a field, and those below it: with what they mean, or all of them, recursively.
func (s Schema) Write(w io.Writer, path []string, recursive bool) error {
	n := s.root
	for _, field := range path {
		var err error
		if n, err = n.below(field); err != nil {
			return err
		}
	}
	p := page{w: w}
	if s.Group != "" {
		p.line("GROUP:      %s", s.Group)
	}
	p.line("KIND:       %s", s.Kind.Kind)
	p.line("VERSION:    %s", s.Version)
	p.line("")
	if len(path) > 0 {
		p.line("FIELD: %s <%s>", path[len(path)-1], n.word())
		p.line("")
	}
	p.line("DESCRIPTION:")
	p.text("    ", n.description())
	if o := n.object(); o.fields != nil {
		p.line("")
		p.line("FIELDS:")
		p.fields(o, 1, recursive)
	}
	return p.err
}

// description is the list's, or else that of its entries.
func (n node) description() string {
	text := n.Description
	if text == "" {
		text = n.object().Description
	}
	if text == "" {
		text = "<empty>"
	}
	if len(n.Enum) > 0 {
		var words []string
		for _, e := range n.Enum {
			words = append(words, fmt.Sprint(e))
		}
		text += "\n\nOne of: " + strings.Join(words, ", ")
	}
	return text
}

// deepest is how many levels a recursive list has: some types hold themselves.
const deepest = 12

// page writes lines, and keeps the first error.
type page struct {
	w   io.Writer
	err error
}

func (p *page) line(format string, args ...any) {
	_, err := fmt.Fprintf(p.w, format+"\n", args...)
	p.err = errors.Join(p.err, err)
}

func (p *page) fields(n node, depth int, recursive bool) {
	fields := n.fields()
	indent := strings.Repeat("  ", depth)
	for _, name := range sorted(fields) {
		f := fields[name]
		line := fmt.Sprintf("%s%s\t<%s>", indent, name, f.word())
		if slices.Contains(n.required, name) {
			line += " -required-"
		}
		p.line("%s", line)
		if !recursive {
			p.text(indent+"  ", f.description())
			p.line("")
			continue
		}
		if o := f.object(); o.fields != nil && depth < deepest {
			p.fields(o, depth+1, true)
		}
	}
}

// widest is where lines of prose break.
const widest = 80

// text writes prose; a paragraph ends at an empty line.
func (p *page) text(indent, prose string) {
	for i, paragraph := range strings.Split(prose, "\n\n") {
		if i > 0 {
			p.line("")
		}
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(indent)+len(line)+1+len(word) > widest {
				p.line("%s", indent+line)
				line = ""
			}
			line = strings.TrimSpace(line + " " + word)
		}
		p.line("%s", indent+line)
	}
}
