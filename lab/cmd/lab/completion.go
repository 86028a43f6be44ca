package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// kinds are those that a shell completes.
func kinds() []string {
	return []string{
		"pods", "services", "deployments", "ingresses", "namespaces", "serviceaccounts",
		"routerules", "destinationpolicies", "egressrules", "rules",
		"virtualservices", "destinationrules", "serviceentries", "sidecars", "gateways", "httproutes",
		"authorizationpolicies", "peerauthentications", "envoyfilters", "telemetries",
		"istio-io", "gateway-api", "all",
	}
}

// completeNames completes KIND, KIND/NAME and the names after a KIND.
func (a *app) completeNames(
	cmd *cobra.Command, args []string, word string,
) ([]string, cobra.ShellCompDirective) {
	kind, _, slash := strings.Cut(word, "/")
	switch {
	case slash:
		return a.names(cmd, kind, kind+"/"), cobra.ShellCompDirectiveNoFileComp
	case len(args) == 0:
		return kinds(), cobra.ShellCompDirectiveNoFileComp
	default:
		return a.names(cmd, args[0], ""), cobra.ShellCompDirectiveNoFileComp
	}
}

// completePods completes the names of pods.
func (a *app) completePods(
	cmd *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.names(cmd, "pods", ""), cobra.ShellCompDirectiveNoFileComp
}

// names are those of a kind in the running lab; without a lab there are none.
func (a *app) names(cmd *cobra.Command, kind, prefix string) []string {
	client, err := a.client()
	if err != nil {
		return nil
	}
	tables, err := client.Get(cmd.Context(), a.selection([]string{kind}, ""))
	if err != nil {
		return nil
	}
	var names []string
	for _, r := range rowsOf(tables) {
		names = append(names, prefix+r.Name)
	}
	return names
}
