package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) metrics() *cobra.Command {
	return &cobra.Command{
		Use:   "metrics",
		Short: "Show what rules of kind metric count, in Prometheus' format",
		Example: `  bin/lab create -f istiofiles/recommendation_requestcount.yml
  bin/lab metrics`,
		Args: cobra.NoArgs,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, _ []string) error {
			text, err := client.Metrics(cmd.Context())
			fmt.Fprint(a.stdout, text)
			return err
		}),
	}
}
