package main

import "github.com/spf13/cobra"

func (a *app) proxyLogs() *cobra.Command {
	var l logFlags
	cmd := &cobra.Command{
		Use:     "proxy-logs",
		Short:   "Show the proxy's own log: what it starts, accepts and refuses",
		Example: `  bin/lab proxy-logs -f --tail=20`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			query, err := l.request(a.selection(args, ""))
			if err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			return a.printLines(client.ProxyLogs(cmd.Context(), query))
		},
	}
	l.declare(cmd)
	return cmd
}
