package v1

import (
	"encoding/json"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// View is what the rules make of one client's calls to one service, in the words of Istio's
// proxies. Absent numbers are null: the proxy's default holds.
type View struct {
	VirtualHost string       `json:"virtual_host,omitempty"` // where it is not the service's
	Routes      []RouteView  `json:"routes"`                 // the first that matches wins
	Policies    []PolicyView `json:"policies"`
}

// RouteView is a route; abort and delay are there with a share of 0 too.
type RouteView struct {
	Rule            string           `json:"rule"`
	Kind            string           `json:"kind,omitempty"`
	RuleIndex       json.RawMessage  `json:"rule_index,omitempty"` // of Kind; null with a name
	Name            string           `json:"name,omitempty"`
	Match           []map[string]any `json:"match"`
	Clusters        []ClusterView    `json:"clusters"`
	ClusterNotFound string           `json:"cluster_not_found,omitempty"`
	TimeoutMS       *int64           `json:"timeout_ms"` // null for an answer of its own
	Retry           *RetryView       `json:"retry"`
	Mirror          *ClusterView     `json:"mirror"` // the first
	Mirrors         []ClusterView    `json:"mirrors,omitempty"`
	rules.FaultView
	Direct   *DirectView      `json:"direct_response"`
	Redirect *RedirectView    `json:"redirect"`
	Rewrite  *RewriteView     `json:"rewrite"`
	Headers  *HeadersView     `json:"headers,omitempty"`
	Hash     []map[string]any `json:"hash,omitempty"` // of the destinations' policies
}

// RedirectView is where a client is sent.
type RedirectView struct {
	Status int    `json:"code"`
	Scheme string `json:"scheme,omitempty"`
	Host   string `json:"host,omitempty"`
	Port   int    `json:"port,omitempty"`
	Path   string `json:"path,omitempty"`
	Prefix string `json:"prefix_rewrite,omitempty"`
}

// RewriteView is what the server sees otherwise.
type RewriteView struct {
	Prefix       string `json:"prefix,omitempty"`
	Regex        string `json:"regex,omitempty"`
	Substitution string `json:"substitution,omitempty"`
	Host         string `json:"host,omitempty"`
}

// HeadersView is the changes of headers.
type HeadersView struct {
	Request  *HeaderChangeView `json:"request,omitempty"`
	Response *HeaderChangeView `json:"response,omitempty"`
}

// HeaderChangeView is those of one direction.
type HeaderChangeView struct {
	Set    map[string]string `json:"set,omitempty"`
	Add    map[string]string `json:"add,omitempty"`
	Remove []string          `json:"remove,omitempty"`
}

// ClusterView is a cluster with its weight or, as a mirror, its share.
type ClusterView struct {
	Host    string       `json:"host"`
	Port    int          `json:"port,omitempty"` // where it is not the port of the view
	Subset  *string      `json:"subset"`
	Missing bool         `json:"missing,omitempty"`
	Weight  *int         `json:"weight,omitempty"`
	Percent *float64     `json:"percent,omitempty"`
	Headers *HeadersView `json:"headers,omitempty"`
}

// RetryView is a retry policy.
type RetryView struct {
	On         string   `json:"on"`
	Num        int      `json:"num"`
	PerTryMS   *int64   `json:"per_try_ms"`
	OtherHosts bool     `json:"other_hosts"`
	Codes      []int    `json:"codes,omitempty"`
	BackoffMS  []*int64 `json:"backoff_ms,omitempty"`
}

// DirectView is an answer of the proxy's own.
type DirectView struct {
	Status int     `json:"status"`
	Body   *string `json:"body"`
}

// PolicyView is the policy of a cluster; From is the name of its oldest rule.
type PolicyView struct {
	Host                     string                       `json:"host"`
	Port                     int                          `json:"port,omitempty"`
	Subset                   *string                      `json:"subset"`
	Used                     bool                         `json:"used"`
	Type                     string                       `json:"type,omitempty"` // of an external host
	LB                       string                       `json:"lb"`
	LBConfig                 map[string]map[string]string `json:"lb_config,omitempty"` // of hashing
	MaxConnections           *int                         `json:"max_connections"`
	MaxPending               *int                         `json:"max_pending"`
	MaxRequestsPerConnection *int                         `json:"max_requests_per_connection"`
	MaxRequests              *int                         `json:"max_requests"`
	MaxRetries               *int                         `json:"max_retries"`
	ConnectTimeoutMS         int64                        `json:"connect_timeout_ms"`
	IdleTimeoutMS            *int64                       `json:"idle_timeout_ms,omitempty"`
	HTTP2                    *HTTP2View                   `json:"http2,omitempty"` // nil: HTTP/1.1
	Outlier                  *OutlierView                 `json:"outlier"`
	Panic                    *int                         `json:"panic_threshold,omitempty"`
	TLS                      string                       `json:"tls,omitempty"` // "": automatic
	From                     *string                      `json:"from"`
	Endpoints                int                          `json:"endpoints"`
}

// OutlierView is outlier detection; absent fields are Envoy's defaults.
type OutlierView struct {
	Consecutive5xx       *int   `json:"consecutive_5xx,omitempty"`
	Enforcing5xx         *int   `json:"enforcing_consecutive_5xx,omitempty"`
	ConsecutiveGateway   *int   `json:"consecutive_gateway_failure,omitempty"`
	EnforcingGateway     *int   `json:"enforcing_consecutive_gateway_failure,omitempty"`
	IntervalMS           *int64 `json:"interval_ms,omitempty"`
	BaseEjectionMS       *int64 `json:"base_ejection_time_ms,omitempty"`
	MaxEjectionPercent   *int   `json:"max_ejection_percent,omitempty"`
	EnforcingSuccessRate int    `json:"enforcing_success_rate"`

	Split            bool `json:"split_external_local_origin_errors,omitempty"`
	LocalOrigin      *int `json:"consecutive_local_origin_failure,omitempty"`
	EnforcingLocal   *int `json:"enforcing_consecutive_local_origin_failure,omitempty"`
	LocalSuccessRate *int `json:"enforcing_local_origin_success_rate,omitempty"`
}

// HTTP2View is what a cluster that speaks HTTP/2 says of it.
type HTTP2View struct {
	Streams *int `json:"max_concurrent_streams,omitempty"`
}

// conditionView names a condition after what it looks at and how it compares.
func conditionView(c mesh.Condition) map[string]any {
	how := map[mesh.Comparison]string{
		mesh.Exact: "exact", mesh.Prefix: "prefix", mesh.Segments: "separated_prefix",
		mesh.Regex: "regex", mesh.Present: "present",
	}[c.Compare]
	view := map[string]any{}
	switch c.Attribute {
	case mesh.Header:
		view["header"] = c.Header
	case mesh.Query:
		view["query"] = c.Header
	case mesh.Claim:
		view["claim"] = c.Header
	case mesh.Method:
		how = "method_" + how
	case mesh.Authority:
		how = "authority_" + how
	case mesh.Scheme:
		how = "scheme_" + how
	default:
		how = "path_" + how
	}
	view[how] = c.Value
	if c.Compare == mesh.Present {
		view[how] = true
	}
	for name, is := range map[string]bool{
		"not": c.Not, "ignore_case": c.IgnoreCase, "missing_as_empty": c.EmptyIfMissing,
	} {
		if is {
			view[name] = true
		}
	}
	return view
}
