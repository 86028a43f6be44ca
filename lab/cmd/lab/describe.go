package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
)

func (a *app) describe() *cobra.Command {
	var labels string
	cmd := &cobra.Command{
		Use:   "describe KIND [NAME...]",
		Short: "Show the details of objects",
		Example: `  bin/lab describe pod recommendation-v1-6fc97476f8-m2ntp
  bin/lab describe routerule recommendation-default`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, args []string) error {
			list, err := client.Describe(cmd.Context(), a.selection(args, labels))
			if err != nil {
				return err
			}
			if len(list) == 0 {
				a.noneFound(false)
			}
			return writeDescriptions(a.fitted(), list)
		}),
	}
	cmd.Flags().StringVarP(&labels, "selector", "l", "", "only objects with these labels")
	return cmd
}

func writeDescriptions(w io.Writer, list []control.Description) error {
	columns := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i, d := range list {
		if i > 0 {
			fmt.Fprint(columns, "\n\n")
		}
		for _, f := range d.Fields {
			fmt.Fprintln(columns, describeField(f))
		}
	}
	return columns.Flush()
}

// describeField is a line; a field without name goes on with what is above it.
func describeField(f control.Field) string {
	indent := strings.Repeat("  ", f.Depth)
	f.Name, f.Value = document.Printable(f.Name), document.Printable(f.Value)
	switch {
	case f.Name == "":
		return indent + "\t" + f.Value
	case f.Value == "":
		return indent + f.Name + ":"
	default:
		return indent + f.Name + ":\t" + f.Value
	}
}
