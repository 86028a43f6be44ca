package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) metrics() *cobra.Command {
	return &cobra.Command{
		Use:   "metrics",
		Short: "Show what rules of kind metric count, in Prometheus' format",
		Example: `  bin/lab create -f istiofiles/recommendation_requestcount.yml
  bin/lab metrics`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			text, err := client.Metrics(cmd.Context())
			fmt.Fprint(a.stdout, text)
			return err
		},
	}
}
