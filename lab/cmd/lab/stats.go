package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) stats() *cobra.Command {
	return &cobra.Command{
		Use:   "stats [POD] [FILTER]",
		Short: "Show the proxy's own counters, of a pod's sidecar or all",
		Long: `Show the proxy's own counters: of a pod's sidecar, or all. FILTER is a regular expression that a
name must match somewhere. A single word that names no pod is a FILTER.`,
		Example: `  bin/lab stats upstream_rq_pending_overflow
  bin/lab stats deployment/preference 'ejections_active|upstream_rq_retry$'`,
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: a.completePods,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			list, err := a.findStats(cmd.Context(), client, args)
			for _, s := range list {
				fmt.Fprintf(a.stdout, "%s: %s\n", s.Name, s.Value)
			}
			return err
		},
	}
}

// mayBePod tells what could be a pod's name, or KIND/NAME.
func mayBePod(word string) bool {
	return regexp.MustCompile(`^([a-z.]+/)?[a-z0-9]([a-z0-9-]*[a-z0-9])?$`).MatchString(word)
}

func (a *app) findStats(ctx context.Context, client *control.Client, args []string) ([]control.Stat, error) {
	all := func(filter string) ([]control.Stat, error) {
		return client.Stats(ctx, control.StatsQuery{Selection: a.selection(nil, ""), Filter: filter})
	}
	switch len(args) {
	case 0:
		return all("")
	case 2:
		return client.Stats(ctx, control.StatsQuery{Selection: a.selection(args[:1], ""), Filter: args[1]})
	}
	if !mayBePod(args[0]) {
		return all(args[0])
	}
	list, missing := client.Stats(ctx, control.StatsQuery{Selection: a.selection(args, "")})
	if refused, ok := errors.AsType[*control.Error](missing); !ok || refused.Reason != control.NotFound {
		return list, missing
	}
	list, err := all(args[0])
	if err == nil && len(list) == 0 {
		return nil, missing // neither a pod nor part of a name
	}
	return list, err
}
