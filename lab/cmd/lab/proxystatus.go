package main

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// subscribed are what every sidecar asks the lab for.
const subscribed = "4 (CDS,EDS,LDS,RDS)"

func (a *app) proxyStatus() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "proxy-status [POD]",
		Aliases: []string{"ps"},
		Short:   "List the pods whose sidecars have taken the lab's configuration",
		Long: `List the pods whose sidecars have taken the lab's configuration, as istioctl does. One Envoy
plays all sidecars: either it has the configuration, or it refused a change.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completePods,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := jsonOnly(format, "table"); err != nil {
				return err
			}
			s, err := a.askStatus(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := proxies(s, args)
			if err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(a.stdout, proxyObjects(rows))
			}
			header := []string{"NAME", "CLUSTER", "ISTIOD", "VERSION", "SUBSCRIBED TYPES"}
			return (&tablePrinter{w: a.fitted()}).print(append([][]string{header}, rows...))
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "", "json")
	complete(cmd, "output", "json")
	return cmd
}

// proxies are a row for each pod, or for the one that is named.
func proxies(s control.Status, args []string) ([][]string, error) {
	if s.Proxy.PID == 0 {
		return nil, errors.New("envoy does not run: bin/lab proxy-logs says why")
	}
	var rows [][]string
	var names []string
	for _, p := range s.Pods {
		if p.Status == pods.Terminating {
			continue
		}
		name := p.Name.Name + "." + p.Namespace
		names = append(names, p.Name.Name)
		if len(args) == 0 || args[0] == p.Name.Name || args[0] == name || args[0] == "pod/"+p.Name.Name {
			rows = append(rows, []string{name, "Kubernetes", "lab-" + s.Name, s.Proxy.Version, subscribed})
		}
	}
	if len(args) > 0 && len(rows) == 0 {
		name := strings.TrimPrefix(args[0], "pod/")
		return nil, objects.Errorf(objects.NotFound, "pods %q not found%s", name, objects.Hint(name, names))
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return rows, nil
}

func proxyObjects(rows [][]string) []map[string]string {
	list := []map[string]string{}
	for _, r := range rows {
		list = append(list, map[string]string{"name": r[0], "cluster": r[1], "istiod": r[2], "version": r[3], "types": r[4]})
	}
	return list
}
