package xds

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previoushostsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

func (b *builder) route(c client, r mesh.Route, hashes []mesh.Hash) *routev3.Route {
	route := &routev3.Route{Name: r.From, Match: match(r.Match)}
	if r.StatPrefix != "" {
		route.StatPrefix = statName(r.StatPrefix + at(c.name))
	}
	route.ResponseHeadersToAdd, route.ResponseHeadersToRemove = changes(r.Headers.Response)
	switch {
	case r.Direct != nil:
		route.Action = directResponse(*r.Direct)
	case r.Redirect != nil:
		route.Action = redirect(*r.Redirect)
	default:
		b.lead(c, r, route, hashes)
	}
	b.answerBrowsers(route, r.Cors)
	return route
}

// lead has a route lead to its destinations.
func (b *builder) lead(c client, r mesh.Route, route *routev3.Route, hashes []mesh.Hash) {
	action := &routev3.RouteAction{
		Timeout:     durationpb.New(r.Timeout), // 0 is none; without it, Envoy takes 15 s
		RetryPolicy: b.retry(r.Retry),
		HashPolicy:  hashPolicies(hashes),
	}
	if c.manners.Deadlines {
		action.MaxGrpcTimeout = action.Timeout //nolint:staticcheck // as Istio, for what takes its place still differs
	}
	rewrite(action, r.Rewrite)
	if r.Missing == http.StatusInternalServerError {
		action.ClusterNotFoundResponseCode = routev3.RouteAction_INTERNAL_SERVER_ERROR
	}
	route.Action = &routev3.Route_Route{Route: action}
	b.destinations(c, r, route)
	for _, m := range r.Mirrors {
		action.RequestMirrorPolicies = append(action.RequestMirrorPolicies, mirror(c, m))
	}
	if r.NoWebsocket {
		action.UpgradeConfigs = []*routev3.RouteAction_UpgradeConfig{{
			UpgradeType: websocket, Enabled: wrapperspb.Bool(false),
		}}
	}
}

func mirror(c client, m mesh.Mirror) *routev3.RouteAction_RequestMirrorPolicy {
	policy := &routev3.RouteAction_RequestMirrorPolicy{
		Cluster: outboundCluster(c.name, m.Cluster),
		RuntimeFraction: &corev3.RuntimeFractionalPercent{
			DefaultValue: percent(m.Percent),
		},
		DisableShadowHostSuffixAppend: !m.Suffix,
	}
	if !m.Traced {
		policy.TraceSampled = wrapperspb.Bool(false)
	}
	return policy
}

// destinations say for each cluster who calls; hosts outside the mesh are not told.
func (b *builder) destinations(c client, r mesh.Route, route *routev3.Route) {
	action := route.GetRoute()
	weighted := &routev3.WeightedCluster{}
	for _, d := range r.Destinations {
		weighted.Clusters = append(weighted.Clusters, b.destination(c, d))
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

func (b *builder) destination(
	c client, d mesh.Destination,
) *routev3.WeightedCluster_ClusterWeight {
	entry := &routev3.WeightedCluster_ClusterWeight{
		Name:                 outboundCluster(c.name, d.Cluster),
		Weight:               wrapperspb.UInt32(uint32(d.Weight)),
		TypedPerFilterConfig: b.inject(d.Faults),
	}
	if d.RewriteHost != "" {
		entry.HostRewriteSpecifier = &routev3.WeightedCluster_ClusterWeight_HostRewriteLiteral{
			HostRewriteLiteral: d.RewriteHost,
		}
	}
	entry.RequestHeadersToAdd, entry.RequestHeadersToRemove = changes(d.Headers.Request)
	entry.ResponseHeadersToAdd, entry.ResponseHeadersToRemove = changes(d.Headers.Response)
	if b.isInside(d.Cluster) {
		entry.RequestHeadersToAdd = append(entry.RequestHeadersToAdd, introduction(c)...)
	} else {
		entry.RequestHeadersToRemove = append(entry.RequestHeadersToRemove, callerHeader)
	}
	return entry
}

// isInside reports whether a cluster is of pods of the mesh.
func (b *builder) isInside(c mesh.Cluster) bool {
	if e, ok := b.mesh.ExternalPort(c); ok {
		return e.Pods != nil
	}
	_, ok := b.mesh.ServiceAt(c.Host)
	return ok
}

func introduction(c client) []*corev3.HeaderValueOption {
	return []*corev3.HeaderValueOption{{
		Header:       &corev3.HeaderValue{Key: callerHeader, Value: c.caller},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}}
}

// hostAttempts is how often a retry looks for a host that was not tried, as in Istio.
const hostAttempts = 5

func (b *builder) retry(r *mesh.Retry) *routev3.RetryPolicy {
	if r == nil {
		return nil
	}
	p := &routev3.RetryPolicy{
		RetryOn:       strings.Join(r.On, ","),
		NumRetries:    wrapperspb.UInt32(uint32(r.Attempts)),
		PerTryTimeout: orNil(r.PerTry),
	}
	for _, status := range r.Statuses {
		p.RetriableStatusCodes = append(p.RetriableStatusCodes, uint32(status))
	}
	if r.OtherHosts {
		p.RetryHostPredicate = []*routev3.RetryPolicy_RetryHostPredicate{{
			Name: "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{
				TypedConfig: b.pack(&previoushostsv3.PreviousHostsPredicate{}),
			},
		}}
		p.HostSelectionRetryMaxAttempts = hostAttempts
	}
	if r.BackoffBase > 0 {
		p.RetryBackOff = &routev3.RetryPolicy_RetryBackOff{
			BaseInterval: durationpb.New(r.BackoffBase), MaxInterval: orNil(r.BackoffMax),
		}
	}
	return p
}

func orNil(d time.Duration) *durationpb.Duration {
	if d <= 0 {
		return nil
	}
	return durationpb.New(d)
}

// percent is exact to a ten-thousandth of one.
func percent(p float64) *typev3.FractionalPercent {
	return &typev3.FractionalPercent{
		Numerator:   uint32(p*10_000 + 0.5),
		Denominator: typev3.FractionalPercent_MILLION,
	}
}

// match has at most one condition for the path itself; further ones become conditions of the
// header that holds it.
func match(conditions []mesh.Condition) *routev3.RouteMatch {
	m := everything()
	path := false
	for _, c := range conditions {
		switch {
		case c.Attribute == mesh.Path && !path && !c.Not && c.Compare != mesh.Present:
			matchPath(m, c)
			path = true
		case c.Attribute == mesh.Query:
			m.QueryParameters = append(m.QueryParameters, query(c))
		case c.Attribute == mesh.Claim:
			m.DynamicMetadata = append(m.DynamicMetadata, claim(c))
		default:
			m.Headers = append(m.Headers, header(c))
		}
	}
	return m
}

func query(c mesh.Condition) *routev3.QueryParameterMatcher {
	m := &routev3.QueryParameterMatcher{Name: c.Header}
	if c.Compare == mesh.Present {
		m.QueryParameterMatchSpecifier =
			&routev3.QueryParameterMatcher_PresentMatch{PresentMatch: true}
		return m
	}
	m.QueryParameterMatchSpecifier =
		&routev3.QueryParameterMatcher_StringMatch{StringMatch: text(c)}
	return m
}

func matchPath(m *routev3.RouteMatch, c mesh.Condition) {
	if c.IgnoreCase {
		m.CaseSensitive = wrapperspb.Bool(false)
	}
	switch c.Compare {
	case mesh.Exact:
		m.PathSpecifier = &routev3.RouteMatch_Path{Path: c.Value}
	case mesh.Segments:
		if c.Value == "/" {
			return
		}
		m.PathSpecifier = &routev3.RouteMatch_PathSeparatedPrefix{
			PathSeparatedPrefix: strings.TrimSuffix(c.Value, "/"),
		}
	case mesh.Regex:
		m.PathSpecifier = &routev3.RouteMatch_SafeRegex{
			SafeRegex: &matcherv3.RegexMatcher{Regex: c.Value},
		}
	default:
		m.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: c.Value}
	}
}

// header is a condition of a header, or of what HTTP/2 would have in one.
func header(c mesh.Condition) *routev3.HeaderMatcher {
	m := &routev3.HeaderMatcher{
		Name:        c.HeaderName(),
		InvertMatch: c.Not, TreatMissingHeaderAsEmpty: c.EmptyIfMissing,
	}
	if c.Attribute == mesh.Path {
		c = onQuery(c)
	}
	if c = nonempty(c); c.Compare == mesh.Present {
		m.HeaderMatchSpecifier = &routev3.HeaderMatcher_PresentMatch{PresentMatch: true}
	} else {
		m.HeaderMatchSpecifier = &routev3.HeaderMatcher_StringMatch{StringMatch: text(c)}
	}
	return m
}

// onQuery turns a condition of the path into one of the path together with its query.
func onQuery(c mesh.Condition) mesh.Condition {
	switch c.Compare {
	case mesh.Exact:
		c.Value = regexp.QuoteMeta(c.Value) + `(\?.*)?`
	case mesh.Segments:
		c.Value = regexp.QuoteMeta(strings.TrimSuffix(c.Value, "/")) + `([/?].*)?`
	case mesh.Regex:
		c.Value = "(" + c.Value + `)(\?.*)?`
	default:
		return c
	}
	if c.IgnoreCase {
		c.Value = "(?i)" + c.Value
	}
	c.Compare = mesh.Regex
	return c
}

// nonempty says in other words what Envoy does not take: every header begins with nothing, and only
// an empty one is nothing.
func nonempty(c mesh.Condition) mesh.Condition {
	switch {
	case c.Value == "" && c.Compare == mesh.Prefix:
		c.Compare = mesh.Present
	case c.Value == "" && c.Compare == mesh.Regex:
		c.Compare = mesh.Exact
	}
	return c
}

func text(c mesh.Condition) *matcherv3.StringMatcher {
	switch c.Compare {
	case mesh.Prefix:
		return &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: c.Value}, IgnoreCase: c.IgnoreCase,
		}
	case mesh.Suffix:
		return &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Suffix{Suffix: c.Value}, IgnoreCase: c.IgnoreCase,
		}
	case mesh.Regex:
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{
			SafeRegex: &matcherv3.RegexMatcher{Regex: c.Value},
		}}
	default:
		return &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Exact{Exact: c.Value}, IgnoreCase: c.IgnoreCase,
		}
	}
}
