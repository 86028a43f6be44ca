package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) proxyConfig() *cobra.Command {
	return group(&cobra.Command{
		Use:     "proxy-config",
		Aliases: []string{"pc"},
		Short:   "Show the proxy's own configuration for a pod",
	}, a.proxyPart("routes"), a.proxyPart("clusters"), a.proxyPart("listeners"))
}

func (a *app) proxyPart(part string) *cobra.Command {
	o := output{app: a}
	cmd := &cobra.Command{
		Use:               part + " POD",
		Aliases:           []string{strings.TrimSuffix(part, "s")},
		Short:             "Show the " + part + " of a pod's sidecar",
		Example:           "  bin/lab proxy-config " + part + " deployment/preference -o json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePods,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.format != "" && o.format != "json" && o.format != "short" {
				return misusef("--output=%s: want json, or nothing", o.format)
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			query := control.ProxyQuery{Selection: a.selection(args, ""), Part: part}
			config, err := client.ProxyConfig(cmd.Context(), query)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return a.printJSON(config.JSON)
			}
			return o.showTable(config.Table, false)
		},
	}
	cmd.Flags().StringVarP(&o.format, "output", "o", "", "json")
	return cmd
}

// printJSON leaves the order of the fields as it is.
func (a *app) printJSON(raw json.RawMessage) error {
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "    "); err != nil {
		return err
	}
	text.WriteByte('\n')
	_, err := text.WriteTo(a.stdout)
	return err
}
