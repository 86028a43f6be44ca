package main

import (
	"github.com/spf13/cobra"

	"istio-tutorial/lab/objects"
)

func (a *app) replace() *cobra.Command {
	return (&change{app: a, verb: objects.Replace}).command(&cobra.Command{
		Short:   "Replace what is there by what files describe",
		Example: `  bin/lab replace -f istiofiles/route-rule-recommendation-v1_and_v2_retry.yml`,
	})
}
