package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) set() *cobra.Command {
	return group(&cobra.Command{Use: "set", Short: "Change a Deployment's environment"}, a.setEnv())
}

func (a *app) setEnv() *cobra.Command {
	var labels string
	cmd := &cobra.Command{
		Use:   "env deployment/NAME KEY=VALUE... KEY-...",
		Short: "Set variables of a Deployment, or unset them with KEY-; its pods are replaced",
		Example: `  bin/lab set env deployment/recommendation-v2 TIMEOUT=3s
  bin/lab set env deployment/recommendation-v2 TIMEOUT-`,
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := parseEnv(args)
			if err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			request.Selection = a.selection(request.Args, labels)
			results, err := client.SetEnv(cmd.Context(), request)
			a.reportAll(results)
			return err
		},
	}
	cmd.Flags().StringVarP(&labels, "selector", "l", "", "Deployments with these labels")
	return cmd
}

// parseEnv tells the objects from the variables after them.
func parseEnv(args []string) (control.SetEnv, error) {
	first := slices.IndexFunc(args, isVariable)
	if first <= 0 {
		return control.SetEnv{}, misusef("want deployment/NAME, and KEY=VALUE or KEY- after it")
	}
	request := control.SetEnv{Set: map[string]string{}}
	request.Args = args[:first]
	for _, arg := range args[first:] {
		name, value, set := strings.Cut(arg, "=")
		unset := strings.TrimSuffix(name, "-")
		switch {
		case !isVariable(arg) || unset == "":
			return control.SetEnv{}, misusef("%q: want KEY=VALUE or KEY-", arg)
		case set:
			request.Set[name] = value
		default:
			request.Unset = append(request.Unset, unset)
		}
	}
	return request, nil
}

func isVariable(arg string) bool {
	return strings.Contains(arg, "=") || strings.HasSuffix(arg, "-")
}
