package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
	"istio-tutorial/lab/routes"
)

// routeFlags say whose calls to what, and by which rules.
type routeFlags struct {
	*app
	sources
	from, to string
	edition  string
	all      bool
	format   string
}

func (a *app) routes() *cobra.Command {
	r := &routeFlags{app: a}
	cmd := &cobra.Command{
		Use:   "routes [--from WORKLOAD] [--to SERVICE] [-f FILE]",
		Short: "Show what the rules do with a request",
		Long: `Show what the rules do with a request: the routes in their order, the policy of each cluster,
and the rules that never act, with the reason.

With -f it shows what only these rules would do with the tutorial's services, including both
versions of recommendation. It then needs no lab.

-o json prints the fields of Istio's own configuration, 0.7.1's or today's, depending on the rules.
For several pairs of workload and service it prints a list.`,
		Example: `  bin/lab routes
  bin/lab routes --from customer --to preference
  bin/lab routes -f istiofiles/route-rule-recommendation-503.yml -f rule.yml -o json
  bin/lab routes -f istiofiles/v1/route-rule-safari-recommendation-v2.yml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			named := cmd.Flags().Changed("from") || cmd.Flags().Changed("to")
			switch {
			case r.format != "table" && r.format != "json":
				return misusef("--output=%s: want table or json", r.format)
			case r.all && named:
				return misusef("--all takes neither --from nor --to")
			}
			if err := checkEdition(r.edition); err != nil {
				return err
			}
			if r.onCluster() && !r.given() {
				return r.routesThere(cmd)
			}
			list, err := r.ask(cmd.Context())
			if err != nil {
				return err
			}
			return r.show(list)
		},
	}
	r.declare(a, cmd)
	flags := cmd.Flags()
	a.declareEdition(cmd, &r.edition)
	flags.StringVar(&r.from, "from", "preference", "calling Deployment, or its app")
	flags.StringVar(&r.to, "to", "recommendation", "called Service, or outside host")
	flags.BoolVar(&r.all, "all", false, "show the calls of every workload to every service")
	flags.StringVarP(&r.format, "output", "o", "table", "table or json")
	return cmd
}

func (r *routeFlags) ask(ctx context.Context) ([]routes.Table, error) {
	query := routes.Query{From: r.from, To: r.to, Namespace: r.namespace}
	if r.all {
		query.From, query.To = "", ""
	}
	if r.given() {
		return r.offline(ctx, query)
	}
	client, err := r.client()
	if err != nil {
		return nil, err
	}
	return client.Routes(ctx, query)
}

// offline is what files alone make of the tutorial's services.
func (r *routeFlags) offline(ctx context.Context, query routes.Query) ([]routes.Table, error) {
	files, err := r.read(ctx, r.stdin)
	if err != nil {
		return nil, err
	}
	services, err := r.tutorial(ctx)
	if err != nil {
		return nil, err
	}
	lab := offline.Lab{
		Manifests: services, Files: files, Namespace: r.namespace,
		Edition: objects.Edition(r.edition),
	}
	return lab.Routes(query)
}

// tutorial is the chain of deploy/ with the version 2 that most rules speak of.
func (a *app) tutorial(ctx context.Context) ([]objects.File, error) {
	home, err := a.home()
	if err != nil {
		return nil, err
	}
	paths, err := manifests.Kustomization(filepath.Join(home, "deploy"))
	if err != nil {
		return nil, err
	}
	v2 := filepath.Join(home, "deploy", "recommendation", "Deployment-v2.yml")
	return readAll(ctx, append(paths, v2), nil)
}

func (r *routeFlags) show(list []routes.Table) error {
	if r.format == "json" {
		return r.showJSON(list)
	}
	out := r.fitted()
	for i, routes := range list {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := writeRoutes(out, routes); err != nil {
			return err
		}
		r.warn(routes.Warnings...)
	}
	return nil
}

// fromTo is one of several.
type fromTo struct {
	From      string          `json:"from"`
	To        string          `json:"to"`
	Effective json.RawMessage `json:"effective"`
}

func (r *routeFlags) showJSON(list []routes.Table) error {
	for i := range list {
		if list[i].Effective == nil { // of a host outside
			list[i].Effective = json.RawMessage("null")
		}
	}
	if len(list) == 1 {
		return r.printJSON(list[0].Effective)
	}
	all := make([]fromTo, len(list))
	for i, routes := range list {
		all[i] = fromTo{routes.From.Name, hostName(routes.Host), routes.Effective}
	}
	return writeJSON(r.stdout, all)
}
