package main

import (
	"github.com/spf13/cobra"
)

func (a *app) get() *cobra.Command {
	var labels string
	var watch bool
	o := output{app: a}
	cmd := &cobra.Command{
		Use:   "get KIND [NAME...] | KIND/NAME... | KIND,KIND | all",
		Short: "List objects",
		Long: `List objects. A kind may be written as kubectl and istioctl write it: pods, pod, po, svc,
deploy, ns, ing, routerule, destinationpolicies, egressrule, denier, rules ..., vs, dr, se, ap,
virtualservices.networking.istio.io ... istio-io and gateway-api list all rules of today.`,
		Example: `  bin/lab get pods -w
  bin/lab get routerule recommendation-default -o yaml
  bin/lab get vs,dr
  bin/lab get pods -l app=recommendation -o jsonpath='{.items[*].metadata.name}'`,
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misusef("name what to list: pods, services, deployments, routerules, rules, all")
			}
			if err := o.check(args); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			s := a.selection(args, labels)
			s.AllNamespaces = o.allNamespaces
			if watch {
				return o.follow(client.Watch(cmd.Context(), s))
			}
			tables, missing := client.Get(cmd.Context(), s)
			if err := o.list(tables, missing); err != nil {
				return err
			}
			return missing
		},
	}
	o.declare(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&labels, "selector", "l", "",
		"only objects with these labels, such as app=recommendation,version!=v1")
	flags.BoolVarP(&watch, "watch", "w", false, "keep printing changes")
	return cmd
}
