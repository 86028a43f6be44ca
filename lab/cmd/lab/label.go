package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

// marking is label or annotate.
type marking struct {
	*app
	verb, field string
	objects.Marks
	sources
	labels    string
	all, list bool
}

func (a *app) label() *cobra.Command {
	m := &marking{app: a, verb: "label", field: "labels"}
	return m.command(&cobra.Command{
		Short: "Set labels of objects, or unset them with KEY-",
		Example: `  bin/lab label namespace istio-tutorial istio-injection=enabled
  bin/lab label service customer team=a --overwrite
  bin/lab label service customer team-
  bin/lab label -f deploy/customer team=a`,
	})
}

func (a *app) annotate() *cobra.Command {
	m := &marking{app: a, verb: "annotate", field: "annotations"}
	return m.command(&cobra.Command{
		Short:   "Set annotations of objects, or unset them with KEY-",
		Example: `  bin/lab annotate deployment recommendation-v2 kubernetes.io/change-cause='slow down'`,
	})
}

func (m *marking) command(cmd *cobra.Command) *cobra.Command {
	cmd.Use = m.verb + " KIND NAME... KEY=VALUE... KEY-..."
	cmd.ValidArgsFunction = m.completeNames
	cmd.RunE = m.run
	flags := cmd.Flags()
	flags.BoolVar(&m.Overwrite, "overwrite", false, "replace a value that exists")
	flags.BoolVar(&m.all, "all", false, "all objects of the kind in the namespace")
	flags.BoolVar(&m.list, "list", false, "list them")
	flags.StringVarP(&m.labels, "selector", "l", "", "objects with these labels")
	m.declare(m.app, cmd)
	return cmd
}

func (m *marking) run(cmd *cobra.Command, args []string) error {
	names, err := m.parse(args)
	if err != nil {
		return err
	}
	list, err := m.selected(cmd.Context(), &m.sources, names, m.labels)
	if err != nil {
		return err
	}
	client, err := m.client()
	if err != nil {
		return err
	}
	return m.each(list, func(s objects.Selection) ([]objects.Result, error) {
		if m.list {
			return nil, m.showAll(cmd, client, s)
		}
		return client.Mark(cmd.Context(), control.MarkQuery{Selection: s, Marks: m.Marks})
	})
}

// parse tells the objects from what is set and unset.
func (m *marking) parse(args []string) (names []string, err error) {
	first := slices.IndexFunc(args, isVariable)
	if first < 0 {
		first = len(args)
	}
	names = args[:first]
	m.Field, m.Set = m.field, map[string]string{}
	for _, arg := range args[first:] {
		name, value, set := strings.Cut(arg, "=")
		switch {
		case set:
			m.Set[name] = value
		case strings.HasSuffix(arg, "-"):
			m.Unset = append(m.Unset, strings.TrimSuffix(arg, "-"))
		default:
			return nil, misusef("%q: want KEY=VALUE or KEY-", arg)
		}
	}
	return names, m.check(names)
}

// check refuses what names no objects, or no marks.
func (m *marking) check(names []string) error {
	named := m.given() || len(names) > 1 || len(names) == 1 && strings.Contains(names[0], "/")
	switch {
	case len(names) == 0 && !m.given():
		return misusef("one or more objects must be specified as KIND NAME or KIND/NAME")
	case len(m.Set)+len(m.Unset) == 0 && !m.list:
		return misusef("at least one %s update is required: KEY=VALUE or KEY-", m.verb)
	case !named && !m.all && m.labels == "" && !m.list:
		return misusef("name the objects, or all by --all")
	}
	return nil
}

// showAll lists the labels, or the annotations, of objects.
func (m *marking) showAll(cmd *cobra.Command, client *control.Client, which objects.Selection) error {
	tables, err := client.Get(cmd.Context(), which)
	for _, r := range rowsOf(tables) {
		marks, err := marksOf(r, m.field)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.stdout, "Listing %s for %s/%s:\n", m.field, r.Resource, document.Printable(r.Name))
		for _, line := range sortedPairs(marks) {
			fmt.Fprintln(m.stdout, " "+document.Printable(line))
		}
	}
	return err
}

func sortedPairs(marks mesh.Labels) (lines []string) {
	for name, value := range marks {
		lines = append(lines, name+"="+value)
	}
	slices.Sort(lines)
	return lines
}
