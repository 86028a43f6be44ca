package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

func (a *app) events() *cobra.Command {
	o := output{app: a, sortBy: ".lastTimestamp"}
	var about string
	var types []string
	var watch bool
	cmd := &cobra.Command{
		Use:   "events",
		Short: "List what happened to pods and Deployments",
		Example: `  bin/lab events
  bin/lab events --for deployment/recommendation-v2 --types=Warning`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted, err := eventFilter(about, types)
			if err != nil {
				return err
			}
			if err := o.check(nil); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			s := a.selection([]string{"events"}, "")
			s.AllNamespaces = o.allNamespaces
			keep := func(tables []control.Table) []control.Table {
				for i := range tables {
					tables[i].Rows = slices.DeleteFunc(tables[i].Rows, func(r control.Row) bool { return !wanted(r) })
				}
				return tables
			}
			if !watch {
				tables, missing := client.Get(cmd.Context(), s)
				return o.list(keep(tables), missing)
			}
			return o.follow(func(yield func([]control.Table, error) bool) {
				for tables, err := range client.Watch(cmd.Context(), s) {
					if !yield(keep(tables), err) {
						return
					}
				}
			}, false)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&about, "for", "", "only those of KIND/NAME")
	flags.StringSliceVar(&types, "types", nil, "only those of these types: Normal, Warning")
	flags.BoolVarP(&watch, "watch", "w", false, "keep printing new ones")
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "those of all namespaces")
	flags.BoolVar(&o.noHeaders, "no-headers", false, "do not print the names of the columns")
	flags.StringVarP(&o.format, "output", "o", "", "json, yaml or nothing")
	complete(cmd, "output", "json", "yaml")
	complete(cmd, "types", "Normal", "Warning")
	return cmd
}

// eventFilter reports whether an event is about an object, and of one of some types.
func eventFilter(about string, types []string) (func(control.Row) bool, error) {
	var pick objects.Pick
	if about != "" {
		picks, err := objects.Selection{Args: []string{about}}.Picks()
		if err != nil {
			return nil, err
		}
		pick = picks[0]
	}
	return func(r control.Row) bool {
		object, err := objectOf(r)
		if err != nil {
			return false
		}
		f := objectFields{object}
		if len(types) > 0 && !slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, f.Get("type")) }) {
			return false
		}
		return about == "" || f.Get("involvedObject.kind") == pick.Kind.Kind &&
			(len(pick.Names) == 0 || slices.Contains(pick.Names, f.Get("involvedObject.name")))
	}, nil
}
