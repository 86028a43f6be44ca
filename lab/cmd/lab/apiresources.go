package main

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/objects"
)

func (a *app) apiResources() *cobra.Command {
	o := output{app: a}
	var group string
	cmd := &cobra.Command{
		Use:   "api-resources",
		Short: "List the kinds of objects, with their short names and API versions",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rows [][]string
			if !o.noHeaders && o.format != "name" {
				rows = append(rows, []string{"NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"})
			}
			for _, k := range objects.Kinds() {
				if cmd.Flags().Changed("api-group") && k.Group != group {
					continue
				}
				if o.format == "name" {
					rows = append(rows, []string{k.String()})
					continue
				}
				rows = append(rows, []string{
					k.Plural, k.Short, apiVersion(k), strconv.FormatBool(!k.Cluster), k.Kind,
				})
			}
			return (&tablePrinter{w: a.fitted()}).print(rows)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&group, "api-group", "", "only kinds of this group")
	flags.BoolVar(&o.noHeaders, "no-headers", false, "do not print the names of the columns")
	flags.StringVarP(&o.format, "output", "o", "", "name, or nothing")
	complete(cmd, "output", "name")
	return cmd
}

// apiVersion is the one to write first.
func apiVersion(k objects.Kind) string {
	version, _, _ := strings.Cut(cmp.Or(k.Versions, "v1"), ",")
	if k.Group == "" {
		return version
	}
	return k.Group + "/" + version
}
