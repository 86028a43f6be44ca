package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

func (a *app) stats() *cobra.Command {
	return &cobra.Command{
		Use:   "stats [POD] [FILTER]",
		Short: "Show the proxy's own counters, of a pod's sidecar or all",
		Long: `Show the proxy's own counters, of a pod's sidecar or all. FILTER is a regular expression that must
match a part of the name. A single word that names no pod is a FILTER.`,
		Example: `  bin/lab stats upstream_rq_pending_overflow
  bin/lab stats deployment/preference 'ejections_active|upstream_rq_retry$'`,
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: a.completePods,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, args []string) error {
			list, err := statsAsker{a, client}.ask(cmd.Context(), args)
			for _, s := range list {
				fmt.Fprintf(a.stdout, "%s: %s\n", s.Name, s.Value)
			}
			return err
		}),
	}
}

// mayBePod tells what could be a pod's name, or KIND/NAME.
func mayBePod(word string) bool {
	return regexp.MustCompile(`^([a-z.]+/)?[a-z0-9]([a-z0-9-]*[a-z0-9])?$`).MatchString(word)
}

// statsAsker asks for counters.
type statsAsker struct {
	*app
	client *control.Client
}

func (s statsAsker) ask(ctx context.Context, args []string) ([]control.Stat, error) {
	switch {
	case len(args) == 0:
		return s.of(ctx, nil, "")
	case len(args) == 2:
		return s.of(ctx, args[:1], args[1])
	case !mayBePod(args[0]):
		return s.of(ctx, nil, args[0])
	}
	list, missing := s.of(ctx, args, "")
	refused, ok := errors.AsType[*objects.Error](missing)
	if !ok || refused.Reason != objects.NotFound {
		return list, missing
	}
	list, err := s.of(ctx, nil, args[0])
	if err == nil && len(list) == 0 {
		return nil, missing // neither a pod nor part of a name
	}
	return list, err
}

// of asks for the counters of a pod, or of all.
func (s statsAsker) of(ctx context.Context, pod []string, filter string) ([]control.Stat, error) {
	query := control.StatsQuery{Selection: s.selection(pod, ""), Filter: filter}
	return s.client.Stats(ctx, query)
}
