package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

func (a *app) reset() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Put the lab back to its start: the objects of deploy/, and no rules",
		Long: `Put the lab back to its start, and wait for the pods: what was added is deleted, what was deleted
is created, and what was changed, such as replicas and variables, is as it was.`,
		Example: `  bin/lab reset --dry-run
  bin/lab reset`,
		Args: cobra.NoArgs,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, _ []string) error {
			results, err := client.Reset(cmd.Context(), control.Reset{DryRun: dryRun})
			if err != nil {
				return err
			}
			if len(results) == 0 {
				fmt.Fprintln(a.stdout, "the lab is as it started")
			}
			for _, r := range results {
				words := done(r)
				if dryRun {
					words += " (dry run)"
				}
				a.report(words, r)
			}
			if dryRun {
				return nil
			}
			return a.settled(cmd.Context(), client, results)
		}),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only print what would be done")
	return cmd
}

// settled returns when the pods of the Deployments that are left are as they should be.
func (a *app) settled(ctx context.Context, client *control.Client, results []objects.Result) error {
	for _, r := range results {
		if r.Kind != "Deployment" || r.Done == "deleted" {
			continue
		}
		sel := objects.Selection{Args: []string{"deployment/" + r.Name}, Namespace: r.Namespace}
		for _, err := range client.Rollout(ctx, sel) {
			if err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}
