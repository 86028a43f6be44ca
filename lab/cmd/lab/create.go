package main

import (
	"fmt"

	"istio-tutorial/lab/objects"

	"github.com/spf13/cobra"
)

func (a *app) create() *cobra.Command {
	c := &change{app: a, verb: objects.Create}
	cmd := c.command(&cobra.Command{
		Short: "Create the objects in files; refuse those that exist",
		Long: `Create the objects in files; refuse those that exist.

It returns when the proxy has the new configuration, so the next request sees it. If anything in the
files is wrong, nothing is changed.`,
		Example: `  bin/lab create -f istiofiles/route-rule-recommendation-v2.yml
  cat rule.yml | bin/lab create -f -
  bin/lab create namespace other`,
	})
	cmd.AddCommand(a.createDeployment(), a.createSecret())
	cmd.Args = c.noArgsButNamespace
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.run(cmd)
		}
		text := fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: %q\n", args[1])
		return c.do(cmd, []objects.File{{Name: "namespace", Data: []byte(text)}})
	}
	return cmd
}

// noArgsButNamespace allows namespace NAME, the one kind that kubectl creates by name alone here.
func (c *change) noArgsButNamespace(cmd *cobra.Command, args []string) error {
	if len(args) == 2 && (args[0] == "namespace" || args[0] == "ns") && !c.given() {
		return nil
	}
	return c.noArgs(cmd, args)
}

// claimed says of a namespace that the text of 2018 makes first that the lab has made it before.
func (c *change) claimed(results []objects.Result) {
	for _, r := range results {
		if c.verb == objects.Create && r.Kind == "Namespace" && r.Done == "unchanged" {
			fmt.Fprintf(c.stderr, "the lab made the namespace %s when it started\n", r.Name)
		}
	}
}
