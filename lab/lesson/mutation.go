package lesson

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mutations are by what they change, in the order of the page.
type mutations []mutation

// mutation is a change that makes a page's claims wrong.
type mutation struct {
	line int
	// of is a file that a command loads, - for the text that one is given, or the begin of a
	// command.
	of string
	// field's values are replaced, the first by the first; a - keeps one. "": the command that
	// of names is left out.
	field  string
	values []string
}

const (
	leftOut = "left out"
	typed   = "-" // the file of a command that reads its own text
	keep    = "-" // a value as it is
)

// String is the mutation as the page has it.
func (m mutation) String() string {
	if m.field == "" {
		return m.of + " " + leftOut
	}
	return m.of + " with " + m.field + " " + strings.Join(m.values, " ")
}

// UnmarshalYAML reads a mapping of lists.
func (m *mutations) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want FILE: [CHANGE, ...]", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		of, changes := n.Content[i], n.Content[i+1]
		if changes.Kind != yaml.SequenceNode || len(changes.Content) == 0 {
			return fmt.Errorf("line %d: %s: want a list of changes", of.Line, of.Value)
		}
		for _, c := range changes.Content {
			one := mutation{line: c.Line, of: of.Value}
			if c.Value != leftOut {
				words := strings.Fields(c.Value)
				if len(words) < 2 {
					return fmt.Errorf("line %d: %q: want %s, or FIELD VALUE", c.Line, c.Value, leftOut)
				}
				one.field, one.values = words[0], words[1:]
			}
			*m = append(*m, one)
		}
	}
	return nil
}

// concerns reports whether a command is the one that a mutation changes.
func (m mutation) concerns(c Command) bool {
	switch {
	case m.of == typed && m.field != "":
		_, err := m.apply(c.Text)
		return c.loads(m.of) && err == nil
	case m.isFile():
		return c.loads(m.of)
	}
	return strings.HasPrefix(c.Text, m.of)
}

// within reports whether one of some commands is concerned.
func (m mutation) within(list []Command) bool { return slices.ContainsFunc(list, m.concerns) }

// isFile tells a file from a command: there is a space in each command.
func (m mutation) isFile() bool { return !strings.Contains(m.of, " ") }

// apply changes a file's text.
func (m mutation) apply(text string) (string, error) {
	field := regexp.MustCompile(`^(.*?\b` + regexp.QuoteMeta(m.field) + `:[ \t]+)("[^"]*"|'[^']*'|[^\s,}#]+)`)
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
		return "", fmt.Errorf("%s: only %d of it", m.field, len(m.values)-len(left))
	case !changed:
		return "", fmt.Errorf("%s: it is so already", m.field)
	}
	return strings.Join(lines, "\n"), nil
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
					p.File, b.Line+m.line-1, m.of))
			}
		}
	}
	return errs
}
