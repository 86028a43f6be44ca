package main

import (
	"context"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
)

// conversion is convert and its flags.
type conversion struct {
	*app
	sources
	to string
}

func (a *app) convert() *cobra.Command {
	c := &conversion{app: a}
	cmd := &cobra.Command{
		Use:   "convert -f FILE [--to v1|gateway-api]",
		Short: "Translate rules of Istio 0.7.1 into today's APIs",
		Long: `Translate rules of Istio 0.7.1 into today's APIs, on standard output, with a comment for every
difference in meaning. All files are translated together, because rules act together. If a rule
has no equivalent, convert names it, fails, and prints nothing.

Services, workloads and service accounts are those of deploy/, including version 2 of
recommendation, and of the files.`,
		Example: `  bin/lab convert -f istiofiles/route-rule-recommendation-503.yml
  bin/lab convert -f istiofiles/route-rule-recommendation-v1_and_v2.yml --to gateway-api
  bin/lab convert -f istiofiles/acl-whitelist.yml | bin/lab analyze -f -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch edition := objects.Edition(c.to); {
			case !c.given():
				return misusef("filename not specified (see --filename or -f)")
			case edition != objects.V1 && edition != objects.GatewayAPI:
				return misusef("--to=%s: want v1 or gateway-api", c.to)
			}
			return c.run(cmd.Context())
		},
	}
	c.declare(a, cmd)
	cmd.Flags().StringVar(&c.to, "to", string(objects.V1), "v1 or gateway-api")
	return cmd
}

func (c *conversion) run(ctx context.Context) error {
	files, err := c.read(ctx, c.stdin)
	if err != nil {
		return err
	}
	services, err := c.tutorial(ctx)
	if err != nil {
		return err
	}
	lab := offline.Lab{Manifests: services, Files: files, Namespace: c.namespace}
	text, err := lab.Convert(objects.Edition(c.to))
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(text)
	return err
}
