package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) rollout() *cobra.Command {
	return group(
		&cobra.Command{Use: "rollout", Short: "Wait for a Deployment's pods, replace them, or go back"},
		a.rolloutStatus(), a.rolloutRestart(), a.rolloutHistory(), a.rolloutUndo())
}

func (a *app) rolloutStatus() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:               "status deployment/NAME",
		Short:             "Wait until all pods of a Deployment are as it describes them",
		Example:           `  bin/lab rollout status deployment/recommendation-v2`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, args []string) error {
			ctx := cmd.Context()
			if timeout > 0 {
				late := fmt.Errorf("timed out after %v", timeout)
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeoutCause(ctx, timeout, late)
				defer cancel()
			}
			for sentence, err := range client.Rollout(ctx, a.selection(args, "")) {
				if err != nil && ctx.Err() != nil && cmd.Context().Err() == nil {
					return context.Cause(ctx)
				}
				if err != nil {
					return err
				}
				fmt.Fprintln(a.stdout, sentence)
			}
			return nil
		}),
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "give up after this time; 0s is never")
	return cmd
}

func (a *app) rolloutRestart() *cobra.Command {
	return &cobra.Command{
		Use:               "restart deployment/NAME",
		Short:             "Replace all pods of a Deployment with new ones",
		Example:           `  bin/lab rollout restart deployment/recommendation-v2`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, args []string) error {
			results, err := client.Restart(cmd.Context(), a.selection(args, ""))
			a.reportAll(results)
			return err
		}),
	}
}
