package book

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Mutations are by what they change, in the order of the page.
type Mutations []Mutation

// Mutation is a change that makes a page's claims wrong.
type Mutation struct {
	line int // in its block
	// Of is a file that a command loads, - for the text that one is given, or the begin of a
	// command.
	Of string
	// Field's values are replaced, the first by the first; a - keeps one. "": the command that
	// Of names is left out.
	Field  string
	values []string
}

// Typed is the file of a command that reads its own text.
const Typed = "-"

const (
	leftOut = "left out"
	keep    = "-" // a value as it is
)

// String is the mutation as the page has it.
func (m Mutation) String() string {
	if m.Field == "" {
		return m.Of + " " + leftOut
	}
	return m.Of + " with " + m.Field + " " + strings.Join(m.values, " ")
}

// UnmarshalYAML reads a mapping of lists.
func (m *Mutations) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want FILE: [CHANGE, ...]", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		of, changes := n.Content[i], n.Content[i+1]
		if changes.Kind != yaml.SequenceNode || len(changes.Content) == 0 {
			return fmt.Errorf("line %d: %s: want a list of changes", of.Line, of.Value)
		}
		for _, c := range changes.Content {
			one := Mutation{line: c.Line, Of: of.Value}
			if c.Value != leftOut {
				words := strings.Fields(c.Value)
				if len(words) < 2 {
					return fmt.Errorf("line %d: %q: want %s, or FIELD VALUE", c.Line, c.Value, leftOut)
				}
				one.Field, one.values = words[0], words[1:]
			}
			*m = append(*m, one)
		}
	}
	return nil
}

// Concerns reports whether a command is the one that a mutation changes.
func (m Mutation) Concerns(c Command) bool {
	switch {
	case m.Of == Typed && m.Field != "":
		_, err := m.Apply(c.Text)
		return c.loads(m.Of) && err == nil
	case m.IsFile():
		return c.loads(m.Of)
	}
	return strings.HasPrefix(c.Text, m.Of)
}

// within reports whether one of some commands is concerned.
func (m Mutation) within(list []Command) bool { return slices.ContainsFunc(list, m.Concerns) }

// IsFile tells a file from a command: there is a space in each command.
func (m Mutation) IsFile() bool { return !strings.Contains(m.Of, " ") }

// Apply changes a file's text. The error is that the field has fewer values, or these already.
func (m Mutation) Apply(text string) (string, error) {
	field := regexp.MustCompile(`^(.*?\b` + regexp.QuoteMeta(m.Field) + `:[ \t]+)("[^"]*"|'[^']*'|[^\s,}#]+)`)
	lines, changed, left := strings.Split(text, "\n"), false, slices.Clone(m.values)
	for i, line := range lines {
		found := field.FindStringSubmatch(line)
		if found == nil || len(left) == 0 || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		value := left[0]
		left = left[1:]
		if value == keep || value == found[2] {
			continue
		}
		lines[i], changed = found[1]+value+strings.TrimPrefix(line, found[0]), true
	}
	switch {
	case len(left) > 0:
		return "", fmt.Errorf("%s: only %d of it", m.Field, len(m.values)-len(left))
	case !changed:
		return "", fmt.Errorf("%s: it is so already", m.Field)
	}
	return strings.Join(lines, "\n"), nil
}

// Change is what becomes of a command; false: it is left out.
func (m Mutation) Change(c Command) (Command, bool) {
	switch {
	case !m.Concerns(c):
	case m.Field == "":
		return c, false
	case m.Of == Typed:
		c.Text, _ = m.Apply(c.Text) // or it would not be concerned
	}
	return c, true
}

// unmatched are the mutations that no command before their check is concerned by, in any edition.
func (p Page) unmatched() []error {
	var errs []error
	var before []Command
	for _, b := range p.Blocks {
		before = append(before, b.Commands...)
		if b.Check == nil {
			continue
		}
		for _, m := range b.Check.FailsWith {
			if !m.within(before) {
				errs = append(errs, fmt.Errorf("%s:%d: fails with: %s: no command before it loads it",
					p.File, b.Line+m.line-1, m.Of))
			}
		}
	}
	return errs
}
