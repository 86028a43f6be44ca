// Package setting reads a program's settings: a flag beats its environment variable, and
// that beats the default. An empty variable counts as unset.
package setting

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// ErrHelp is what Parse returns when the reader asked for help.
var ErrHelp = flag.ErrHelp

// Set is a program's settings. Make it with New.
type Set struct {
	flags  *flag.FlagSet
	getenv func(string) string
	items  []*item
}

type item struct {
	env, def, usage string
	parse           func(string) error
	value           string // what the flag was set to
}

// New makes an empty set for the named program. Variables are looked up with getenv.
func New(program string, getenv func(string) string) *Set {
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	return &Set{flags: flags, getenv: getenv}
}

// Add declares the setting that the variable env holds; its flag has the same name in lower
// case with hyphens (LISTEN_ON, -listen-on). Parse hands parse the value that counts: def,
// if nothing else is set.
func (s *Set) Add(env, def, usage string, parse func(string) error) {
	it := &item{env: env, def: def, usage: usage, parse: parse}
	s.items = append(s.items, it)
	s.flags.StringVar(&it.value, it.flag(), "", usage)
}

func (it *item) flag() string {
	return strings.ReplaceAll(strings.ToLower(it.env), "_", "-")
}

// Parse reads all settings and names every wrong one, a line each: `LISTEN_ON: "80a": not a
// port`. It returns the arguments that follow the flags.
func (s *Set) Parse(args []string) ([]string, error) {
	if err := s.flags.Parse(args); err != nil {
		return nil, err
	}
	given := map[string]bool{}
	s.flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var wrong []error
	for _, it := range s.items {
		source, value := it.env, cmp.Or(s.getenv(it.env), it.def)
		if given[it.flag()] {
			source, value = "-"+it.flag(), it.value
		}
		if err := it.parse(value); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %q: %w", source, value, err))
		}
	}
	return s.flags.Args(), errors.Join(wrong...)
}

// Help writes a line for each setting: its flag, its variable, what it means, its default.
func (s *Set) Help(w io.Writer) {
	for _, it := range s.items {
		def := ""
		if it.def != "" {
			def = " (default " + it.def + ")"
		}
		fmt.Fprintf(w, "  -%s, $%s\n        %s%s\n", it.flag(), it.env, it.usage, def)
	}
}
