// Package route makes routes of the rules' ones: which requests each is for, where it leads them, and how it changes
// them; and says by which names a host is called.
package route

import (
	"net/http"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previoushostsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/filter"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/message"
	"istio-tutorial/lab/xds/naming"
)

// CallerHeader tells a sidecar which workload calls. Clients cannot set it: the proxy before
// them overwrites it, and the one before the server takes it away.
const CallerHeader = "x-lab-caller"

// Client is whose calls routes are for.
type Client struct {
	Name      mesh.Name
	Caller    string // how it introduces itself to servers
	Deadlines bool   // of gRPC hold, see mesh.ProxyDefaults
	Mesh      *mesh.Topology
	Packer    *message.Packer
}

// Route is a route of a rule, with what is alike for its destinations by Hashes. It has the name of the rule.
func (c Client) Route(r mesh.Route, hashes []mesh.Hash) *routev3.Route {
	route := &routev3.Route{Name: r.From, Match: match.All(r.Match)}
	if r.StatPrefix != "" {
		route.StatPrefix = naming.Stat(r.StatPrefix + naming.At(c.Name))
	}
	route.ResponseHeadersToAdd, route.ResponseHeadersToRemove = changes(r.Headers.Response)
	switch {
	case r.Direct != nil:
		route.Action = Direct(*r.Direct)
	case r.Redirect != nil:
		route.Action = redirect(*r.Redirect)
	default:
		c.lead(r, route, hashes)
	}
	filter.AnswerBrowsers(c.Packer, route, r.Cors)
	return route
}

// lead has a route lead to its destinations.
func (c Client) lead(r mesh.Route, route *routev3.Route, hashes []mesh.Hash) {
	action := &routev3.RouteAction{
		Timeout:     durationpb.New(r.Timeout), // 0 is none; without it, Envoy takes 15 s
		RetryPolicy: retry(c.Packer, r.Retry),
		HashPolicy:  hashPolicies(hashes),
	}
	if c.Deadlines {
		action.MaxGrpcTimeout = action.Timeout //nolint:staticcheck // as Istio, for what takes its place still differs
	}
	rewrite(action, r.Rewrite)
	if r.Missing == http.StatusInternalServerError {
		action.ClusterNotFoundResponseCode = routev3.RouteAction_INTERNAL_SERVER_ERROR
	}
	route.Action = &routev3.Route_Route{Route: action}
	c.destinations(r, route)
	for _, m := range r.Mirrors {
		action.RequestMirrorPolicies = append(action.RequestMirrorPolicies, c.mirror(m))
	}
	if r.NoWebsocket {
		action.UpgradeConfigs = []*routev3.RouteAction_UpgradeConfig{{
			UpgradeType: Websocket, Enabled: wrapperspb.Bool(false),
		}}
	}
}

func (c Client) mirror(m mesh.Mirror) *routev3.RouteAction_RequestMirrorPolicy {
	policy := &routev3.RouteAction_RequestMirrorPolicy{
		Cluster: naming.Cluster(c.Name, m.Cluster),
		RuntimeFraction: &corev3.RuntimeFractionalPercent{
			DefaultValue: message.Percent(m.Percent),
		},
		DisableShadowHostSuffixAppend: !m.Suffix,
	}
	if !m.Traced {
		policy.TraceSampled = wrapperspb.Bool(false)
	}
	return policy
}

// destinations say for each cluster who calls; hosts outside the mesh are not told.
func (c Client) destinations(r mesh.Route, route *routev3.Route) {
	action := route.GetRoute()
	weighted := &routev3.WeightedCluster{}
	for _, d := range r.Destinations {
		weighted.Clusters = append(weighted.Clusters, c.destination(d))
	}
	put, remove := changes(r.Headers.Request)
	action.ClusterSpecifier = &routev3.RouteAction_WeightedClusters{WeightedClusters: weighted}
	if len(r.Destinations) == 1 { // without a choice, a plain cluster reads better
		only := weighted.Clusters[0]
		action.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: only.Name}
		put = append(put, only.RequestHeadersToAdd...)
		remove = append(remove, only.RequestHeadersToRemove...)
		route.ResponseHeadersToAdd = append(route.ResponseHeadersToAdd, only.ResponseHeadersToAdd...)
		route.ResponseHeadersToRemove = append(route.ResponseHeadersToRemove, only.ResponseHeadersToRemove...)
		route.TypedPerFilterConfig = only.TypedPerFilterConfig
		if host := only.GetHostRewriteLiteral(); host != "" && action.HostRewriteSpecifier == nil {
			action.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{
				HostRewriteLiteral: host,
			}
		}
	}
	route.RequestHeadersToAdd, route.RequestHeadersToRemove = put, remove
}

func (c Client) destination(d mesh.Destination) *routev3.WeightedCluster_ClusterWeight {
	entry := &routev3.WeightedCluster_ClusterWeight{
		Name:                 naming.Cluster(c.Name, d.Cluster),
		Weight:               wrapperspb.UInt32(uint32(d.Weight)),
		TypedPerFilterConfig: filter.Inject(c.Packer, d.Faults),
	}
	if d.RewriteHost != "" {
		entry.HostRewriteSpecifier = &routev3.WeightedCluster_ClusterWeight_HostRewriteLiteral{
			HostRewriteLiteral: d.RewriteHost,
		}
	}
	entry.RequestHeadersToAdd, entry.RequestHeadersToRemove = changes(d.Headers.Request)
	entry.ResponseHeadersToAdd, entry.ResponseHeadersToRemove = changes(d.Headers.Response)
	if c.isInside(d.Cluster) {
		entry.RequestHeadersToAdd = append(entry.RequestHeadersToAdd, message.Overwrite(map[string]string{CallerHeader: c.Caller})...)
	} else {
		entry.RequestHeadersToRemove = append(entry.RequestHeadersToRemove, CallerHeader)
	}
	return entry
}

// isInside reports whether a cluster is of pods of the mesh.
func (c Client) isInside(to mesh.Cluster) bool {
	if e, ok := c.Mesh.ExternalPort(to); ok {
		return e.Pods != nil
	}
	_, ok := c.Mesh.ServiceAt(to.Host)
	return ok
}

// hostAttempts is how often a retry looks for a host that was not tried, as in Istio.
const hostAttempts = 5

func retry(p *message.Packer, r *mesh.Retry) *routev3.RetryPolicy {
	if r == nil {
		return nil
	}
	policy := &routev3.RetryPolicy{
		RetryOn:       strings.Join(r.On, ","),
		NumRetries:    wrapperspb.UInt32(uint32(r.Attempts)),
		PerTryTimeout: message.Positive(r.PerTry),
	}
	for _, status := range r.Statuses {
		policy.RetriableStatusCodes = append(policy.RetriableStatusCodes, uint32(status))
	}
	if r.OtherHosts {
		policy.RetryHostPredicate = []*routev3.RetryPolicy_RetryHostPredicate{{
			Name: "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{
				TypedConfig: p.Pack(&previoushostsv3.PreviousHostsPredicate{}),
			},
		}}
		policy.HostSelectionRetryMaxAttempts = hostAttempts
	}
	if r.BackoffBase > 0 {
		policy.RetryBackOff = &routev3.RetryPolicy_RetryBackOff{
			BaseInterval: durationpb.New(r.BackoffBase), MaxInterval: message.Positive(r.BackoffMax),
		}
	}
	return policy
}
