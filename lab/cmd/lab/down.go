package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) down() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the lab and everything that it started",
		Example: `  bin/lab down
  bin/lab --name second down`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			if err := client.Down(cmd.Context()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.stdout, "the lab is down")
			return err
		},
	}
}
