package main

import (
	"github.com/spf13/cobra"

	"istio-tutorial/lab/objects"
)

func (a *app) apply() *cobra.Command {
	return (&change{app: a, verb: objects.Apply}).command(&cobra.Command{
		Short: "Create or replace what files describe",
		Example: `  bin/lab apply -f deploy/recommendation/Deployment-v2.yml
  bin/lab apply -f deploy/egress -R
  bin/lab apply -k deploy`,
	})
}
