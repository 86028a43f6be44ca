package main

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/routes"
)

// writeRoutes shows two tables: the routes in their order, and how each cluster is treated.
func writeRoutes(w io.Writer, r routes.Table) error {
	fmt.Fprintf(w, "%s -> %s\n\n", r.From.Name, hostName(r.Host))
	if err := printNarrow(w, routeRows(r)); err != nil {
		return err
	}
	if len(r.Clusters) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return printNarrow(w, clusterRows(r))
}

// routeRows are the routes in their order.
func routeRows(r routes.Table) [][]string {
	rows := [][]string{{"RULE", "MATCH", "TO", "TIMEOUT", "RETRIES", "MIRROR", "FAULTS"}}
	for _, route := range r.Host.Routes {
		rows = append(rows, routeCells(route))
	}
	return rows
}

// clusterRows are how each cluster is treated.
func clusterRows(r routes.Table) [][]string {
	rows := [][]string{{"CLUSTER", "PODS", "BALANCE", "LIMITS", "OUTLIERS", "POLICY"}}
	for _, c := range r.Clusters {
		rows = append(rows, clusterCells(c))
	}
	return rows
}

// hostName is the shortest way to write the host.
func hostName(h mesh.VirtualHost) string {
	if len(h.Names) == 0 {
		return "*"
	}
	if h.Port == 0 {
		return h.Names[0]
	}
	return h.Names[0] + ":" + strconv.Itoa(h.Port)
}

func routeCells(r mesh.Route) []string {
	var to, faults []string
	for _, d := range r.Destinations {
		to = append(to, fmt.Sprintf("%d%% %s", d.Weight, clusterName(d.Cluster)))
		for _, f := range d.Faults {
			faults = append(faults, faultText(f, r.From))
		}
	}
	var mirrors []string
	for _, m := range r.Mirrors {
		mirrors = append(mirrors, percent(m.Percent)+" "+clusterName(m.Cluster))
	}
	if len(to) == 1 {
		to[0] = clusterName(r.Destinations[0].Cluster)
	}
	to = append(to, otherwise(r)...)
	return []string{
		r.From, matchText(r.Match), strings.Join(to, ", "), timeText(r.Timeout),
		retryText(r.Retry), orNone(mirrors), orNone(faults),
	}
}

// otherwise is what a route does beside leading to clusters, or in place of it.
func otherwise(r mesh.Route) []string {
	var list []string
	if r.Direct != nil {
		text := fmt.Sprintf("answers %d %s", r.Direct.Status, r.Direct.Body)
		list = append(list, strings.TrimSpace(text))
	}
	if to := r.Redirect; to != nil {
		place := to.Scheme + " " + to.Host + " " + cmp.Or(to.Path, to.Prefix)
		if to.Port != 0 {
			place += " port " + strconv.Itoa(to.Port)
		}
		text := fmt.Sprintf("redirects with %d to %s", to.Status, place)
		list = append(list, strings.Join(strings.Fields(text), " "))
	}
	if to := r.Rewrite; to != nil {
		text := fmt.Sprintf("as %s %s", to.Host, cmp.Or(to.Prefix, to.Substitution))
		list = append(list, strings.Join(strings.Fields(text), " "))
	}
	if !reflect.DeepEqual(r.Headers, mesh.Headers{}) {
		list = append(list, "headers changed")
	}
	return list
}

// clusterName is the service's first name, or the whole host outside, and the subset or, of rules
// that have none, the labels.
func clusterName(c mesh.Cluster) string {
	name, isService := strings.CutSuffix(c.Host, ".svc."+mesh.Domain)
	if isService {
		name, _, _ = strings.Cut(name, ".")
	}
	return strings.TrimSpace(name + " " + cmp.Or(c.Subset, c.Labels.String()))
}

func faultText(f mesh.Fault, rule string) string {
	var parts []string
	if f.Delay != nil {
		parts = append(parts, fmt.Sprintf("%s wait %v", percent(f.Delay.Percent), f.Delay.Time))
	}
	if f.Abort != nil {
		parts = append(parts, fmt.Sprintf("%s get %d", percent(f.Abort.Percent), f.Abort.Status))
	}
	text := strings.Join(parts, " and ")
	if f.From != rule {
		text += " by " + f.From
	}
	if len(f.When) > 0 {
		text += " if " + matchText(f.When)
	}
	return text
}

func percent(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) + "%" }

func matchText(conditions []mesh.Condition) string {
	var parts []string
	for _, c := range conditions {
		parts = append(parts, conditionText(c))
	}
	return cmp.Or(strings.Join(parts, " and "), "all")
}

func conditionText(c mesh.Condition) string {
	attribute := map[mesh.Attribute]string{
		mesh.Path: "path", mesh.Method: "method", mesh.Authority: "authority",
		mesh.Scheme: "scheme", mesh.Header: c.Header, mesh.Query: "query " + c.Header,
		mesh.Claim: "claim " + c.Header,
	}[c.Attribute]
	text := attribute + " = " + c.Value
	switch c.Compare {
	case mesh.Prefix:
		text = attribute + " begins with " + c.Value
	case mesh.Segments:
		text = attribute + " below " + c.Value
	case mesh.Regex:
		text = attribute + " ~ " + c.Value
	case mesh.Present:
		text = attribute + " present"
	}
	if c.Not {
		text = "not " + text
	}
	if c.IgnoreCase {
		text += " in any case"
	}
	return text
}

func timeText(d time.Duration) string {
	if d == 0 {
		return "none"
	}
	return d.String()
}

func retryText(r *mesh.Retry) string {
	if r == nil || r.Attempts == 0 {
		return "none"
	}
	text := strconv.Itoa(r.Attempts)
	if r.PerTry > 0 {
		text += ", " + r.PerTry.String() + " each"
	}
	if on := retryOn(*r); on != "" {
		text += " on " + on
	}
	return text
}

// retryOn is what the rule itself asks for; that failed connections are retried goes without
// saying.
func retryOn(r mesh.Retry) string {
	var on []string
	for _, name := range r.On {
		if name != "retriable-status-codes" && !slices.Contains(r.On, "connect-failure") {
			on = append(on, name)
		}
	}
	for _, status := range r.Statuses {
		on = append(on, strconv.Itoa(status))
	}
	return strings.Join(on, ", ")
}

func orNone(parts []string) string { return cmp.Or(strings.Join(parts, ", "), "none") }

func clusterCells(c routes.Cluster) []string {
	balance := map[mesh.Balance]string{
		mesh.RoundRobin: "round robin", mesh.LeastRequest: "least request", mesh.Random: "random",
		mesh.ByHash: "by hash",
	}[c.Policy.Balance]
	pods := fmt.Sprintf("%d/%d", c.Ready, c.Pods)
	if !strings.HasSuffix(c.Cluster.Host, ".svc."+mesh.Domain) {
		pods = "outside"
	}
	return []string{
		clusterName(c.Cluster), pods, balance, limitText(c.Policy.Limits),
		outlierText(c.Policy.Outlier), cmp.Or(c.Policy.From, "default"),
	}
}

func limitText(l mesh.Limits) string {
	var parts []string
	for _, limit := range []struct {
		name  string
		value *int
	}{
		{"connections", l.Connections}, {"pending", l.Pending}, {"requests", l.Requests},
		{"retries", l.Retries}, {"requests per connection", l.RequestsPerConnection},
	} {
		if limit.value != nil {
			parts = append(parts, fmt.Sprintf("%d %s", *limit.value, limit.name))
		}
	}
	return orNone(parts)
}

func outlierText(o *mesh.Outlier) string {
	if o == nil {
		return "none"
	}
	var parts []string
	if o.Errors != nil {
		parts = append(parts, fmt.Sprintf("after %d errors", *o.Errors))
	}
	if o.GatewayErrors != nil {
		parts = append(parts, fmt.Sprintf("after %d gateway errors", *o.GatewayErrors))
	}
	if o.BaseEjection != nil {
		parts = append(parts, fmt.Sprintf("for %v", *o.BaseEjection))
	}
	if o.MaxPercent != nil {
		parts = append(parts, fmt.Sprintf("up to %d%%", *o.MaxPercent))
	}
	return cmp.Or(strings.Join(parts, " "), "Envoy's defaults")
}
