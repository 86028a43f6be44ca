package console

import (
	"net/http"
	"slices"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
	"istio-tutorial/lab/traffic/rulebook"
)

// Rules are what is in force.
type Rules struct {
	Routes []Routes `json:"routes"`
	Files  []File   `json:"files"`
	// Warnings are about rules that never act, or less than they say.
	Warnings []string `json:"warnings"`
	Typed    string   `json:"typed"`
}

// Routes is what the rules make of the calls of one workload to one host, as tables with a head.
type Routes struct {
	From     string     `json:"from"`
	To       string     `json:"to"`
	Ruled    bool       `json:"ruled"` // some rule has a part in it
	Routes   [][]string `json:"routes"`
	Clusters [][]string `json:"clusters"`
}

// File is a rule as it is in force.
type File struct {
	rulebook.Rule
	YAML     string   `json:"yaml"`
	Warnings []string `json:"warnings,omitempty"`
}

// rules are what the rules make of calls, in the order in which they act, and each of them.
func (c *Console) rules(r *http.Request) (Rules, error) {
	all := Rules{Typed: c.cfg.Typed("routes --all")}
	list, err := c.cfg.Lab.Routes(r.Context(), routes.Query{Namespace: "istio-tutorial"})
	if err != nil {
		return all, err
	}
	for _, one := range list {
		routes, clusters := c.cfg.Routes(one)
		to := "*"
		if len(one.Host.Names) > 0 {
			to = one.Host.Names[0]
		}
		all.Routes = append(all.Routes, Routes{
			From: one.From.Name, To: to, Ruled: isRuled(one), Routes: routes, Clusters: clusters,
		})
		all.Warnings = append(all.Warnings, one.Warnings...)
	}
	all.Files, err = c.files(r)
	return all, err
}

// isRuled tells what rules say from what there is without them.
func isRuled(r routes.Table) bool {
	for _, route := range r.Host.Routes {
		if !strings.HasPrefix(route.From, "default") {
			return true
		}
	}
	return slices.ContainsFunc(r.Clusters, func(c routes.Cluster) bool { return c.Policy.From != "" })
}

// files are the rules in force, each as the lab has it.
func (c *Console) files(r *http.Request) ([]File, error) {
	live, err := c.cfg.Lab.Live(r.Context(), control.LiveQuery{})
	if err != nil {
		return nil, err
	}
	var list []File
	for _, rule := range live.Rules {
		tables, err := c.cfg.Lab.Get(r.Context(), objects.Selection{
			Args: []string{rule.Resource, rule.Name}, Namespace: rule.Namespace,
		})
		if err != nil || len(tables) == 0 || len(tables[0].Rows) == 0 {
			continue // it went meanwhile
		}
		row := tables[0].Rows[0]
		list = append(list, File{Rule: rule, YAML: row.YAML, Warnings: row.Warnings})
	}
	return list, nil
}
