package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
)

// output is how get shows objects.
type output struct {
	*app
	format        string
	template      string // what -o go-template and the like may leave out
	noHeaders     bool
	showLabels    bool
	showKind      bool
	allNamespaces bool
	labelColumns  []string
	sortBy        string
	fieldSelector string

	one           bool // a single object was named
	tables        map[string]*tablePrinter
	pick          picker         // of a format that picks fields, else nil
	columns       []customColumn // of custom-columns, else none
	columnPrinter *tablePrinter
	sorter        *sorter
	fields        fieldSelector
}

func (o *output) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&o.format, "output", "o", "", formats)
	flags.StringVar(&o.template, "template", "", "the template or path of -o go-template and -o jsonpath")
	flags.BoolVar(&o.noHeaders, "no-headers", false, "do not print the names of the columns")
	flags.BoolVar(&o.showLabels, "show-labels", false, "add a column with the labels")
	flags.BoolVar(&o.showKind, "show-kind", false, "print KIND/NAME in place of names")
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "list objects of all namespaces")
	flags.StringSliceVarP(&o.labelColumns, "label-columns", "L", nil, "add a column for each of these labels")
	flags.StringVar(&o.sortBy, "sort-by", "", "order by this field, such as .metadata.creationTimestamp")
	flags.StringVar(&o.fieldSelector, "field-selector", "",
		"only objects with these fields, such as status.phase=Running")
	complete(cmd, "output", formatWords()...)
}

// check refuses what is no format, no path and no selector.
func (o *output) check(args []string) (err error) {
	slash := len(args) > 0 && strings.Contains(args[0], "/")
	o.one = len(args) == 1 && slash || len(args) == 2 && !slash
	if o.sortBy != "" {
		if o.sorter, err = newSorter(o.sortBy); err != nil {
			return err
		}
	}
	if o.fields, err = newFieldSelector(o.fieldSelector); err != nil {
		return err
	}
	return o.checkFormat()
}

// jsonOnly is the check of --output where all but JSON and the usual text, by whichever of its names, is
// misuse.
func jsonOnly(format string, text ...string) error {
	if format != "" && format != "json" && !slices.Contains(text, format) {
		return misusef("--output=%s: want json, or nothing", format)
	}
	return nil
}

// checkFormat knows short, istioctl's word for a table.
func (o *output) checkFormat() error {
	word, text, err := expression(o.format)
	if err != nil {
		return misusef("--output=%s: %w", o.format, err)
	}
	text = cmp.Or(text, o.template)
	switch newPicker := pickers()[word]; {
	case word == "custom-columns" && strings.HasPrefix(o.format, "custom-columns-file"):
		o.columns, err = parseColumnFile(text)
		return err
	case word == "custom-columns":
		o.columns, err = parseColumns(text)
		return err
	case newPicker != nil && text != "":
		if o.pick, err = newPicker(text); err != nil {
			return misusef("--output=%s: %w", o.format, err)
		}
		return nil
	case !slices.Contains([]string{"", "wide", "short", "yaml", "json", "name"}, o.format):
		return misusef("--output=%s: want %s", o.format, formats)
	}
	return nil
}

// list shows what there is; with an error, what there is nevertheless.
func (o *output) list(tables []control.Table, missing error) error {
	if err := o.fields.filter(tables); err != nil {
		return err
	}
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

// follow shows what there is, unless only the news are asked for, and all that changes.
func (o *output) follow(changes iter.Seq2[[]control.Table, error], news bool) error {
	skip := news
	for tables, err := range changes {
		if err != nil {
			return err
		}
		if skip {
			skip = false
			continue
		}
		if err := errors.Join(o.fields.filter(tables), o.show(tables)); err != nil {
			return err
		}
	}
	return nil
}

func (o *output) isTable() bool { return slices.Contains([]string{"", "wide", "short"}, o.format) }

func (o *output) show(tables []control.Table) error {
	several := len(tables) > 1 || o.showKind
	tables = slices.DeleteFunc(slices.Clone(tables), func(t control.Table) bool { return !hasRows(t) })
	if err := o.order(tables); err != nil {
		return err
	}
	switch {
	case o.format == "name":
		for _, r := range rowsOf(tables) {
			fmt.Fprintf(o.stdout, "%s/%s\n", r.Resource, document.Printable(r.Name))
		}
	case len(o.columns) > 0:
		return o.showColumns(rowsOf(tables))
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

// order sorts the rows of each table, by name where nothing else is asked for.
func (o *output) order(tables []control.Table) error {
	for _, t := range tables {
		slices.SortStableFunc(t.Rows, byName)
		if o.sorter == nil {
			continue
		}
		if err := o.sorter.sort(t.Rows); err != nil {
			return err
		}
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
