package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) proxyConfig() *cobra.Command {
	return group(&cobra.Command{
		Use:     "proxy-config",
		Aliases: []string{"pc"},
		Short:   "Show the proxy's own configuration for a pod",
	}, a.proxyPart("routes"), a.proxyPart("clusters"), a.proxyPart("listeners"), a.proxyPart("endpoints"),
		a.proxyPart("secrets"),
		a.proxyAll(), a.proxyBootstrap())
}

// filters are istioctl's flags for a part, with the column that each is about.
func filters(part string) map[string]string {
	return map[string]map[string]string{
		"routes":    {"name": "NAME"},
		"clusters":  {"fqdn": "SERVICE FQDN", "port": "PORT", "subset": "SUBSET", "direction": "DIRECTION"},
		"listeners": {"address": "ADDRESS", "port": "ADDRESS"},
		"endpoints": {"address": "ENDPOINT", "port": "ENDPOINT", "status": "STATUS", "cluster": "CLUSTER"},
	}[part]
}

// istioctlsNames are istioctl's short words for a part.
func istioctlsNames(part string) []string {
	return map[string][]string{
		"clusters": {"c"}, "listeners": {"l"}, "routes": {"r"}, "endpoints": {"ep"}, "secrets": {"s"},
	}[part]
}

func (a *app) proxyPart(part string) *cobra.Command {
	o := output{app: a}
	wanted := map[string]*string{}
	cmd := &cobra.Command{
		Use:               part + " POD",
		Aliases:           append(istioctlsNames(part), strings.TrimSuffix(part, "s")),
		Short:             "Show the " + part + " of a pod's sidecar",
		Example:           "  bin/lab proxy-config " + part + " deployment/preference -o json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePods,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := jsonOnly(o.format, "short"); err != nil {
				return err
			}
			config, err := a.proxyConfigOf(cmd, part, args)
			if err != nil {
				return err
			}
			for flag, value := range wanted {
				if *value == "" {
					continue
				}
				if o.format == "json" {
					return misusef("--%s picks lines of the table, and not of -o json", flag)
				}
				keep(&config.Table, filters(part)[flag], flag, *value)
			}
			if o.format == "json" {
				return a.printJSON(config.JSON)
			}
			return o.showTable(config.Table, false)
		},
	}
	cmd.Flags().StringVarP(&o.format, "output", "o", "", "json")
	complete(cmd, "output", "json")
	for _, flag := range slices.Sorted(maps.Keys(filters(part))) {
		wanted[flag] = cmd.Flags().String(flag, "", "only lines with this "+flag+usageOf(flag))
	}
	return cmd
}

// usageOf is said beside a flag whose name has another meaning elsewhere.
func usageOf(flag string) string {
	if flag == "name" {
		return ", or port; here it is the route's, and $LAB_NAME names the lab"
	}
	return ""
}

// keep leaves the rows that have a value: of a port, those that end with it.
func keep(t *control.Table, column, flag, value string) {
	i := slices.IndexFunc(t.Columns, func(c control.Column) bool { return c.Name == column })
	domains := slices.IndexFunc(t.Columns, func(c control.Column) bool { return c.Name == "DOMAINS" })
	t.Rows = slices.DeleteFunc(t.Rows, func(r control.Row) bool {
		switch cell := r.Cells[i]; {
		case flag == "port" && strings.Contains(cell, ":"):
			return !strings.HasSuffix(cell, ":"+value)
		case flag == "address":
			return !strings.HasPrefix(cell, value)
		case flag == "name" && domains >= 0: // istioctl's routes have the names of ports
			return !strings.EqualFold(cell, value) && !hasPort(r.Cells[domains], value)
		default:
			return !strings.EqualFold(cell, value)
		}
	})
}

// hasPort reports whether the name of a host, before " + 4 more", has a port.
func hasPort(domains, port string) bool {
	name, _, _ := strings.Cut(domains, " ")
	return strings.HasSuffix(name, ":"+port)
}

func (a *app) proxyConfigOf(cmd *cobra.Command, part string, args []string) (control.ProxyConfig, error) {
	client, err := a.client()
	if err != nil {
		return control.ProxyConfig{}, err
	}
	query := control.ProxyQuery{Selection: a.selection(args, ""), Part: part}
	return client.ProxyConfig(cmd.Context(), query)
}

func (a *app) proxyAll() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:               "all POD",
		Aliases:           []string{"a"},
		Short:             "Show clusters, listeners, routes and endpoints of a pod's sidecar",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePods,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := jsonOnly(format, "short"); err != nil {
				return err
			}
			whole := map[string]json.RawMessage{}
			for i, part := range []string{"clusters", "listeners", "routes", "endpoints"} {
				config, err := a.proxyConfigOf(cmd, part, args)
				if err != nil {
					return err
				}
				if whole[part] = config.JSON; format == "json" {
					continue
				}
				if i > 0 {
					fmt.Fprintln(a.stdout)
				}
				if err := (&output{app: a}).showTable(config.Table, false); err != nil {
					return err
				}
			}
			if format == "json" {
				return writeJSON(a.stdout, whole)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "", "json")
	complete(cmd, "output", "json")
	return cmd
}

func (a *app) proxyBootstrap() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:               "bootstrap POD",
		Aliases:           []string{"b"},
		Short:             "Show what the Envoy that plays all sidecars starts with, as JSON",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePods,
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "json" {
				return misusef("--output=%s: want json", format)
			}
			config, err := a.proxyConfigOf(cmd, "bootstrap", args)
			if err != nil {
				return err
			}
			return a.printJSON(config.JSON)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "json", "json")
	complete(cmd, "output", "json")
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
