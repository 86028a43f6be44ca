package classic

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// Effective is what the rules make of a client's calls to a service.
func Effective(s rules.Set, t mesh.Topology, target rules.Target) (View, error) {
	client, ok := t.Workload(target.Client)
	if !ok {
		return View{}, fmt.Errorf("deployment %s: not found", target.Client)
	}
	host := mesh.Service{Name: target.Service}.Host()
	r := newResolver(s, t)
	p := r.plan(client)
	i := slices.IndexFunc(p.hosts, func(h plannedHost) bool {
		return h.host == host && h.Port == target.Port
	})
	if i < 0 {
		return View{}, fmt.Errorf("service %s: no HTTP port %d", target.Service, target.Port)
	}
	v := viewer{resolver: r, plan: p, outbound: r.outbound(p), host: host, port: target.Port}
	return v.view(i), nil
}

type viewer struct {
	*resolver
	plan     plan
	outbound mesh.Outbound
	host     string
	port     int
}

func (v viewer) view(i int) View {
	out := View{Faults: []FilterView{}}
	routes := v.outbound.Hosts[i].Routes
	for j, route := range routes {
		out.Routes = append(out.Routes, v.route(route, v.plan.hosts[i].routes[j]))
	}
	for _, f := range v.filters() {
		out.Faults = append(out.Faults, FilterView{
			v.cluster(f.cluster), matchViews(f.fault.When), rules.NewFaultView(&f.fault),
		})
	}
	for _, c := range v.clusters(routes) {
		out.Policies = append(out.Policies, v.policy(c))
	}
	for _, e := range v.topology.External {
		out.Egress = append(out.Egress, egressView(e))
	}
	slices.SortStableFunc(out.Egress, func(a, b EgressView) int {
		return strings.Compare(strconv.Itoa(a.Port)+a.Domains[0], strconv.Itoa(b.Port)+b.Domains[0])
	})
	return out
}

// filters are those of the listener, which is the port's.
func (v viewer) filters() []filter {
	return slices.DeleteFunc(slices.Clone(v.plan.filters), func(f filter) bool {
		return f.cluster.Port != v.port
	})
}

func (v viewer) route(r mesh.Route, planned plannedRoute) RouteView {
	out := RouteView{
		Rule:      r.From,
		Clusters:  []ClusterView{},
		Match:     matchViews(r.Match),
		TimeoutMS: r.Timeout.Milliseconds(),
		FaultView: rules.NewFaultView(planned.fault),
		Also:      v.also(r, planned.rule),
	}
	out.reshape(r, planned.rule)
	for _, d := range r.Destinations {
		c := v.cluster(d.Cluster)
		c.Weight = new(d.Weight)
		out.Clusters = append(out.Clusters, c)
	}
	if retry := r.Retry; retry != nil {
		out.Retry = &RetryView{
			// what Pilot told Envoy, though Envoy may not have done it
			Num: retry.Attempts, PerTryMS: planned.rule.Spec.askedPerTry().Milliseconds(),
			On: strings.Join(retry.On, ","),
		}
	}
	for _, m := range r.Mirrors {
		out.Mirror = new(v.cluster(m.Cluster))
	}
	return out
}

func (out *RouteView) reshape(r mesh.Route, rule *rules.Typed[routeRule]) {
	if rule == nil {
		return
	}
	if p := rule.Spec.Redirect; p != nil {
		out.Redirect = &PlaceView{Authority: p.Authority, URI: p.URI}
	}
	if p := rule.Spec.Rewrite; p != nil {
		out.Rewrite = &PlaceView{Authority: p.Authority, URI: p.URI}
	}
	out.AppendHeaders, out.Websocket = r.Headers.Request.Add, !r.NoWebsocket
	if c := rule.Spec.CorsPolicy; c != nil {
		out.CORS = &CORSView{
			Enabled: true, Origins: c.AllowOrigin, Methods: c.AllowMethods, Headers: c.AllowHeaders,
			Expose: c.ExposeHeaders, Credentials: c.AllowCredentials,
		}
		if c.MaxAge != nil {
			out.CORS.MaxAgeS = new(int(c.MaxAge.of().Seconds()))
		}
	}
}

// also are the faults of other rules on the route's destinations.
func (v viewer) also(r mesh.Route, own *rules.Typed[routeRule]) []AlsoView {
	var list []AlsoView
	for i, f := range v.filters() {
		for _, d := range r.Destinations {
			if d.Cluster.Key() != f.cluster.Key() || f.rule == own {
				continue
			}
			when := "always"
			if len(f.fault.When) > 0 {
				when = "if-match"
			}
			list = append(list, AlsoView{Fault: i, When: when})
		}
	}
	return list
}

func (v viewer) cluster(c mesh.Cluster) ClusterView {
	view := ClusterView{Host: c.Host, Labels: c.Labels}
	if c.Host == v.host {
		view.Host = ""
	}
	if c.Labels == nil {
		view.Labels = mesh.Labels{}
	}
	return view
}

// clusters are those that the routes name, each once.
func (v viewer) clusters(routes []mesh.Route) []mesh.Upstream {
	var named mesh.Outbound
	for _, r := range routes {
		v.addClusters(&named, v.plan.client, r)
	}
	return named.Clusters
}

func (v viewer) policy(u mesh.Upstream) PolicyView {
	p := u.Policy
	balance := map[mesh.Balance]string{
		mesh.RoundRobin: "round_robin", mesh.LeastRequest: "least_request", mesh.Random: "random",
	}
	out := PolicyView{
		ClusterView:              v.cluster(u.Cluster),
		Endpoints:                len(v.topology.Endpoints(u.Cluster)),
		From:                     p.From,
		LB:                       balance[p.Balance],
		MaxConnections:           p.Limits.Connections,
		MaxPending:               p.Limits.Pending,
		MaxRequests:              p.Limits.Requests,
		MaxRetries:               p.Limits.Retries,
		MaxRequestsPerConnection: p.Limits.RequestsPerConnection,
	}
	if o := p.Outlier; o != nil {
		out.Outlier = &OutlierView{
			Consecutive5xx:     o.Errors,
			IntervalMS:         rules.Milliseconds(o.Interval),
			BaseEjectionMS:     rules.Milliseconds(o.BaseEjection),
			MaxEjectionPercent: o.MaxPercent,
		}
	}
	return out
}

func matchViews(list []mesh.Condition) []MatchView {
	views := make([]MatchView, len(list))
	for i, c := range list {
		views[i] = matchView(c)
	}
	return views
}

func matchView(c mesh.Condition) MatchView {
	switch {
	case c.Attribute == mesh.Path && c.Compare == mesh.Exact:
		return MatchView{PathExact: c.Value}
	case c.Attribute == mesh.Path:
		return MatchView{PathPrefix: c.Value}
	case c.Compare == mesh.Prefix:
		return MatchView{Header: headerName(c), Prefix: &c.Value}
	case c.Compare == mesh.Regex:
		return MatchView{Header: headerName(c), Regex: &c.Value}
	default: // an empty one is mere presence
		return MatchView{Header: headerName(c), Exact: &c.Value}
	}
}

func egressView(e mesh.ExternalHost) EgressView {
	protocol := "HTTP"
	switch {
	case e.TLS != nil:
		protocol = "HTTPS"
	case e.Protocol == mesh.HTTP2:
		protocol = "HTTP2"
	}
	return EgressView{
		Cluster: fmt.Sprintf("out.%s|external-%s-%d", e.Host, protocol, e.Port),
		Domains: []string{e.Host, fmt.Sprintf("%s:%d", e.Host, e.Port)},
		LB:      "original_dst_lb",
		Port:    e.Port,
		TLS:     e.TLS != nil,
		Type:    "original_dst",
	}
}
