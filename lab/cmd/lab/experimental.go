package main

import "github.com/spf13/cobra"

func (a *app) experimental() *cobra.Command {
	describe := group(&cobra.Command{
		Use: "describe", Aliases: []string{"des"}, Short: "Show which rules act on a pod or a Service",
	}, a.xDescribe("pod"), a.xDescribe("service"))
	return group(&cobra.Command{
		Use: "x", Aliases: []string{"experimental"}, Short: "Show which rules act on a pod or a Service, as istioctl does",
	}, describe)
}
