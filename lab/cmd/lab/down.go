package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) down() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the lab and everything that it started",
		Example: `  bin/lab down
  bin/lab --name second down`,
		Args: cobra.NoArgs,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, _ []string) error {
			if err := client.Down(cmd.Context()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(a.stdout, "the lab is down")
			return err
		}),
	}
}
