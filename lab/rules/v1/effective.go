package v1

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// Effective is what the rules make of a client's calls to a service.
func Effective(
	s rules.Set, t mesh.Topology, target rules.Target, extensions ...Extension,
) (View, error) {
	w, ok := t.Workload(target.Client)
	if !ok {
		return View{}, fmt.Errorf("deployment %s: not found", target.Client)
	}
	r := newResolver(s, t, extensions)
	service, ok := t.ServiceAt(mesh.Service{Name: target.Service}.Host())
	if !ok {
		return View{}, fmt.Errorf("service %s: not found", target.Service)
	}
	if port, ok := service.Port(target.Port); !ok || port.Protocol == mesh.TCP {
		return View{}, fmt.Errorf("service %s: no HTTP port %d", target.Service, target.Port)
	}
	p := r.plan(w)
	v := viewer{resolver: r, client: p.client, host: service.Host(), port: target.Port}
	i := slices.IndexFunc(p.hosts, func(h plannedHost) bool {
		return h.Port == v.port && slices.Contains(h.Names, service.Names(w.Namespace)[0])
	})
	if i < 0 {
		return v.unseen(), nil
	}
	view := v.view(p.hosts[i].routes)
	if h := p.hosts[i]; h.host != v.host {
		view.VirtualHost = fmt.Sprintf("%s:%d", h.host, h.Port)
	}
	return view, nil
}

type viewer struct {
	*resolver
	client client
	host   string
	port   int
}

// unseen is a service that a Sidecar hides: its calls are calls of any host.
func (v viewer) unseen() View {
	answer, allowed := v.unknown(v.client)
	view := View{VirtualHost: "block_all", Policies: []PolicyView{}}
	route := RouteView{Match: []map[string]any{}, Clusters: []ClusterView{}}
	if allowed {
		view.VirtualHost = "allow_any"
		route.Clusters = []ClusterView{{Host: "PassthroughCluster", Weight: new(100)}}
		route.TimeoutMS = new(int64(0))
	} else {
		route.Direct = directView(&answer)
	}
	route.Rule = view.VirtualHost
	view.Routes = []RouteView{route}
	return view
}

func (v viewer) view(routes []Route) View {
	view := View{Policies: []PolicyView{}}
	used := map[string]mesh.Cluster{}
	for _, route := range routes {
		view.Routes = append(view.Routes, v.route(route))
		for c := range route.Clusters() {
			used[c.Key()] = *c
		}
	}
	for _, c := range v.clusters(used) {
		_, isUsed := used[c.Key()]
		view.Policies = append(view.Policies, v.policyView(c, isUsed))
	}
	return view
}

// clusters are those that the routes name and that are there, and all of the service itself, in
// the order of their names in the proxy.
func (v viewer) clusters(used map[string]mesh.Cluster) []mesh.Cluster {
	list := []mesh.Cluster{{Host: v.host, Port: v.port}}
	if rule := v.rule(v.client, v.host); rule != nil {
		for _, s := range rule.subsets {
			c := mesh.Cluster{Host: v.host, Port: v.port, Subset: s.Name}
			if len(s.Labels) > 0 {
				c.Labels = s.Labels
			}
			list = append(list, c)
		}
	}
	for _, key := range sortedKeys(used) {
		same := func(c mesh.Cluster) bool { return c.Key() == key }
		if v.known(v.client, used[key]) && !slices.ContainsFunc(list, same) {
			list = append(list, used[key])
		}
	}
	slices.SortStableFunc(list, func(a, b mesh.Cluster) int {
		return cmp.Compare(proxyName(a), proxyName(b))
	})
	return list
}

// proxyName is a cluster's name in Istio's proxies.
func proxyName(c mesh.Cluster) string {
	return strings.Join([]string{"outbound", strconv.Itoa(c.Port), c.Subset, c.Host}, "|")
}

func (v viewer) route(r Route) RouteView {
	view := RouteView{
		Rule:     r.From,
		Name:     r.Source.Name,
		Match:    make([]map[string]any, len(r.Match)),
		Clusters: []ClusterView{},
		Retry:    retryView(r),
		Direct:   directView(r.Direct),
		Redirect: (*RedirectView)(r.Redirect), Rewrite: (*RewriteView)(r.Rewrite),
		Headers:   headersView(r.Headers),
		FaultView: rules.NewFaultView(r.fault),
	}
	if view.Kind = r.Source.Kind; view.Kind != "" {
		view.RuleIndex = json.RawMessage(strconv.Itoa(r.Source.Rule))
		if view.Name != "" {
			view.RuleIndex = json.RawMessage("null")
		}
	}
	if r.Direct == nil && r.Redirect == nil {
		view.TimeoutMS = new(r.Timeout.Milliseconds())
	}
	if r.Missing == http.StatusInternalServerError {
		view.ClusterNotFound = "INTERNAL_SERVER_ERROR"
	}
	for i, c := range r.Match {
		view.Match[i] = conditionView(c)
	}
	v.destinations(&view, r)
	return view
}

func (v viewer) destinations(view *RouteView, r Route) {
	for _, d := range r.Destinations {
		c := v.cluster(d.Cluster)
		c.Weight, c.Headers = new(d.Weight), headersView(d.Headers)
		if h := v.policy(v.client, d.Cluster).Hash; h != nil && !c.Missing {
			view.Hash = append(view.Hash, keysView(h)...)
		}
		view.Clusters = append(view.Clusters, c)
	}
	var mirrors []ClusterView
	for _, m := range r.Mirrors {
		c := v.cluster(m.Cluster)
		c.Percent = new(m.Percent)
		mirrors = append(mirrors, c)
	}
	if len(mirrors) > 0 {
		view.Mirror = new(mirrors[0])
	}
	if len(mirrors) > 1 {
		view.Mirrors = mirrors
	}
}

func (v viewer) cluster(c mesh.Cluster) ClusterView {
	return ClusterView{
		Host: c.Host, Port: v.otherPort(c), Subset: orNull(c.Subset), Missing: !v.known(v.client, c),
	}
}

func (v viewer) otherPort(c mesh.Cluster) int {
	if c.Port == v.port {
		return 0
	}
	return c.Port
}

// orNull is nil for what says nothing.
func orNull[T comparable](value T) *T {
	if value == *new(T) {
		return nil
	}
	return &value
}

func retryView(r Route) *RetryView {
	if r.Retry == nil {
		return nil
	}
	view := &RetryView{
		On: strings.Join(r.Retry.On, ","), Num: r.Retry.Attempts, OtherHosts: r.Retry.OtherHosts,
		Codes: r.Retry.Statuses, PerTryMS: orNull(r.Retry.PerTry.Milliseconds()),
	}
	if len(view.Codes) > 0 && view.On == statusCodes {
		view.On = "," + view.On // Istio appends it to nothing
	}
	if r.Source.Backoff {
		view.BackoffMS = []*int64{new(r.Retry.BackoffBase.Milliseconds()), nil}
	}
	return view
}

func (v viewer) policyView(c mesh.Cluster, used bool) PolicyView {
	p := v.policy(v.client, c)
	view := PolicyView{
		Host: c.Host, Port: v.otherPort(c), Subset: orNull(c.Subset), Used: used,
		LB:                       balanceView(p),
		LBConfig:                 hashView(p.Hash),
		MaxConnections:           p.Limits.Connections,
		MaxPending:               p.Limits.Pending,
		MaxRequestsPerConnection: p.Limits.RequestsPerConnection,
		MaxRequests:              p.Limits.Requests,
		MaxRetries:               p.Limits.Retries,
		ConnectTimeoutMS:         p.ConnectTimeout.Milliseconds(),
		IdleTimeoutMS:            rules.Milliseconds(p.Connections.Idle),
		Endpoints:                v.endpoints(c),
		From:                     orNull(p.From),
	}
	if p.Connections.HTTP2 {
		view.HTTP2 = &HTTP2View{Streams: p.Connections.Streams}
	}
	if p.Outlier != nil {
		view.Outlier, view.Panic = outlierView(p.Outlier), new(p.Panic)
	}
	v.tlsView(&view, c)
	return view
}

func (v viewer) tlsView(view *PolicyView, c mesh.Cluster) {
	if e, ok := v.entryOf(c.Host); ok {
		view.TLS, view.Type = "off", clusterType(e.Spec.Resolution)
	}
	switch tls := v.blocks(v.client, c).tls; {
	case tls == nil && v.isPlainNamespace(c.Host):
		view.TLS = "off"
	case tls == nil:
	case tls.Mode == networking.ClientTLSSettings_DISABLE:
		view.TLS = "off"
	default:
		view.TLS = "on"
	}
}

// isPlainNamespace reports whether nobody encrypts calls of the services of a host's namespace.
func (v viewer) isPlainNamespace(host string) bool {
	s, ok := v.topology.ServiceAt(host)
	whole := mesh.Workload{Name: mesh.Name{Namespace: s.Namespace}}
	return ok && v.authentication(whole).Mode == mesh.Disabled
}

// clusterType is Envoy's; "" for one whose endpoints Istio sends apart.
func clusterType(by networking.ServiceEntry_Resolution) string {
	return map[networking.ServiceEntry_Resolution]string{
		networking.ServiceEntry_DNS:             "STRICT_DNS",
		networking.ServiceEntry_DNS_ROUND_ROBIN: "LOGICAL_DNS",
		networking.ServiceEntry_NONE:            "ORIGINAL_DST",
		networking.ServiceEntry_DYNAMIC_DNS:     "DYNAMIC_FORWARD_PROXY",
	}[by]
}

// endpoints are how many a cluster has: of a name that DNS is to find, those that the mesh itself
// knows.
func (v viewer) endpoints(c mesh.Cluster) int {
	e, ok := v.topology.ExternalPort(c)
	switch {
	case !ok || e.Pods != nil:
		return len(v.topology.Endpoints(c))
	case e.Listed:
		return len(e.PlacesOf(c.Labels))
	case !e.AsAsked && slices.ContainsFunc(v.topology.Services, func(s mesh.Service) bool {
		return slices.Contains(s.Names(v.client.Namespace), e.Host)
	}):
		return 1
	default:
		return 0
	}
}

func outlierView(o *mesh.Outlier) *OutlierView {
	view := &OutlierView{
		Consecutive5xx:     o.Errors,
		Enforcing5xx:       enforcing(o.Errors),
		ConsecutiveGateway: o.GatewayErrors,
		EnforcingGateway:   enforcing(o.GatewayErrors),
		IntervalMS:         rules.Milliseconds(o.Interval),
		BaseEjectionMS:     rules.Milliseconds(o.BaseEjection),
		MaxEjectionPercent: o.MaxPercent,
		Split:              o.Split,
		LocalOrigin:        o.LocalErrors,
		EnforcingLocal:     enforcing(o.LocalErrors),
	}
	if o.Split {
		view.LocalSuccessRate = new(0)
	}
	return view
}

// enforcing is 100 % of the ejections by a count, or none where the count is 0.
func enforcing(errors *int) *int {
	if errors == nil {
		return nil
	}
	return new(min(*errors, 1) * 100)
}
