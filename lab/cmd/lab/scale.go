package main

import (
	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) scale() *cobra.Command {
	var s control.Scale
	var current int
	cmd := &cobra.Command{
		Use:   "scale --replicas=N deployment/NAME",
		Short: "Set how many pods a Deployment has",
		Example: `  bin/lab scale --replicas=2 deployment/recommendation-v2
  bin/lab scale deployment recommendation-v1 --replicas=1`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case !cmd.Flags().Changed("replicas"):
				return misusef("--replicas is missing")
			case s.Replicas < 0:
				return misusef("--replicas=%d: want 0 or more", s.Replicas)
			}
			if cmd.Flags().Changed("current-replicas") {
				s.Current = &current
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			s.Selection = a.selection(args, s.Labels)
			results, err := client.Scale(cmd.Context(), s)
			a.reportAll(results)
			return err
		},
	}
	cmd.Flags().IntVar(&s.Replicas, "replicas", 0, "number of pods; required")
	cmd.Flags().IntVar(&current, "current-replicas", 0, "refuse unless there are this many pods now")
	cmd.Flags().StringVarP(&s.Labels, "selector", "l", "", "Deployments with these labels")
	return cmd
}
