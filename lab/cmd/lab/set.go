package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
)

func (a *app) set() *cobra.Command {
	return group(&cobra.Command{Use: "set", Short: "Change a Deployment's environment, or its image"},
		a.setEnv(), a.setImage())
}

func (a *app) setEnv() *cobra.Command {
	var labels string
	var list bool
	cmd := &cobra.Command{
		Use:   "env deployment/NAME KEY=VALUE... KEY-...",
		Short: "Set variables of a Deployment, or unset them with KEY-; its pods are replaced",
		Example: `  bin/lab set env deployment/recommendation-v2 TIMEOUT=3s
  bin/lab set env deployment/recommendation-v2 TIMEOUT-`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				return a.listEnv(cmd, a.selection(args, labels))
			}
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
	cmd.Flags().BoolVar(&list, "list", false, "print the variables")
	return cmd
}

// listEnv prints the variables of the containers, as kubectl does.
func (a *app) listEnv(cmd *cobra.Command, s objects.Selection) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	tables, err := client.Get(cmd.Context(), s)
	for _, r := range rowsOf(tables) {
		containers, err := containersOf(r)
		if err != nil {
			return err
		}
		for _, c := range containers {
			fmt.Fprintf(a.stdout, "# %s %s, container %s\n", r.Kind, r.Name, c.Name)
			for _, e := range c.Env {
				fmt.Fprintln(a.stdout, document.Printable(variable(e)))
			}
		}
	}
	return err
}

// containersOf are those of a Deployment's pods.
func containersOf(r control.Row) ([]corev1.Container, error) {
	object, err := objectOf(r)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var d appsv1.Deployment
	if err := json.Unmarshal(data, &d); err != nil || r.Kind != "Deployment" {
		return nil, misusef("%s/%s: want deployment/NAME", r.Resource, r.Name)
	}
	return d.Spec.Template.Spec.Containers, nil
}

// variable is one with its value, or where that comes from.
func variable(e corev1.EnvVar) string {
	if e.ValueFrom != nil && e.ValueFrom.FieldRef != nil {
		return fmt.Sprintf("# %s from field path %s", e.Name, e.ValueFrom.FieldRef.FieldPath)
	}
	return e.Name + "=" + e.Value
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
