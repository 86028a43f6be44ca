package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/draw"
)

func (a *app) graph() *cobra.Command {
	var window windowFlag
	var format string
	formats := []string{"mermaid", "dot", "svg", "json"}
	cmd := &cobra.Command{
		Use:   "graph",
		Short: "Draw who calls whom, from the traffic of a window, in Mermaid's language",
		Long: `Draw who calls whom, from the traffic of a window. It prints Mermaid, a language that GitHub and many
editors show as a picture; -o svg prints a picture itself, for a browser, -o dot is for Graphviz, -o json data.`,
		Example: `  bin/lab graph -o svg > graph.svg
  bin/lab graph --window change
  bin/lab graph -o dot | dot -Tpng > graph.png`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(formats, format) {
				return misusef("--output=%s: want %s", format, strings.Join(formats, ", "))
			}
			if err := window.check(); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			table, err := client.Traffic(cmd.Context(), control.TrafficQuery{Span: traffic.Span(window.span)})
			if err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(a.stdout, table)
			}
			if len(table.Rows)+len(table.Copies) == 0 {
				a.tell(windowWords(table) + ": " + noRequest)
			}
			fmt.Fprint(a.stdout, map[string]func(traffic.Table) string{
				"mermaid": draw.Mermaid, "dot": draw.Dot, "svg": draw.SVG,
			}[format](table))
			return nil
		},
	}
	window.declare(cmd)
	cmd.Flags().StringVarP(&format, "output", "o", "mermaid", "the form of the picture: "+strings.Join(formats, ", "))
	complete(cmd, "output", formats...)
	return cmd
}
