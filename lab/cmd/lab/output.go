package main

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/util/jsonpath"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

// output is how get shows objects.
type output struct {
	*app
	format        string
	noHeaders     bool
	showLabels    bool
	allNamespaces bool
	one           bool // a single object was named
	tables        map[string]*tablePrinter
}

// expression begins a format that picks fields.
const expression = "jsonpath="

func (o *output) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&o.format, "output", "o", "", "wide, yaml, json, name or jsonpath={...}")
	flags.BoolVar(&o.noHeaders, "no-headers", false, "without the columns' names")
	flags.BoolVar(&o.showLabels, "show-labels", false, "with a column of the labels")
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "of all namespaces")
}

// check refuses what is no format; short is istioctl's word for a table.
func (o *output) check(args []string) error {
	slash := strings.Contains(args[0], "/")
	o.one = len(args) == 1 && slash || len(args) == 2 && !slash
	fields, picks := strings.CutPrefix(o.format, expression)
	if picks {
		if err := jsonpath.New("output").Parse(fields); err != nil {
			return misusef("--output=%s: %w", o.format, err)
		}
		return nil
	}
	if !slices.Contains([]string{"", "wide", "short", "yaml", "json", "name"}, o.format) {
		return misusef("--output=%s: want wide, yaml, json, name or jsonpath={...}", o.format)
	}
	return nil
}

// list shows what there is; with an error, what there is nevertheless.
func (o *output) list(tables []control.Table, missing error) error {
	found := slices.ContainsFunc(tables, hasRows)
	switch {
	case !found && missing != nil:
		return nil
	case !found && o.isTable():
		o.noneFound(o.allNamespaces)
		return nil
	default:
		return o.show(tables)
	}
}

func hasRows(t control.Table) bool { return len(t.Rows) > 0 }

// follow shows what there is, and all that changes.
func (o *output) follow(changes iter.Seq2[[]control.Table, error]) error {
	for tables, err := range changes {
		if err != nil {
			return err
		}
		if err := o.show(tables); err != nil {
			return err
		}
	}
	return nil
}

func (o *output) isTable() bool { return slices.Contains([]string{"", "wide", "short"}, o.format) }

func (o *output) show(tables []control.Table) error {
	several := len(tables) > 1
	tables = slices.DeleteFunc(slices.Clone(tables), func(t control.Table) bool { return !hasRows(t) })
	for _, t := range tables {
		slices.SortStableFunc(t.Rows, byName)
	}
	switch {
	case o.format == "name":
		for _, r := range rowsOf(tables) {
			fmt.Fprintf(o.stdout, "%s/%s\n", r.Resource, r.Name)
		}
	case !o.isTable():
		return o.showObjects(tables)
	default:
		for i, t := range tables {
			if i > 0 {
				fmt.Fprintln(o.stdout)
			}
			if err := o.showTable(t, several); err != nil {
				return err
			}
		}
	}
	for _, r := range rowsOf(tables) {
		o.warn(r.Warnings...)
	}
	return nil
}

// byName is kubectl's order.
func byName(a, b control.Row) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

func rowsOf(tables []control.Table) []control.Row {
	var rows []control.Row
	for _, t := range tables {
		rows = append(rows, t.Rows...)
	}
	return rows
}

func (a *app) noneFound(allNamespaces bool) {
	if allNamespaces {
		fmt.Fprintln(a.stderr, "No resources found")
		return
	}
	fmt.Fprintf(a.stderr, "No resources found in %s namespace.\n", a.namespace)
}

func (a *app) selection(args []string, labels string) objects.Selection {
	return objects.Selection{Args: args, Namespace: a.namespace, Labels: labels}
}
