package classic

import (
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// View is what the rules make of one client's calls to one service, in the words of Istio 0.7.1.
// Absent numbers are null: the proxy's default holds.
type View struct {
	Routes   []RouteView  `json:"routes"` // the first that matches wins
	Faults   []FilterView `json:"faults"` // of the client's listener, in their order
	Policies []PolicyView `json:"policies"`
	Egress   []EgressView `json:"egress,omitempty"`
}

// RouteView is a route; abort and delay are those of its own rule.
type RouteView struct {
	Rule      string        `json:"rule"`
	Match     []MatchView   `json:"match"`
	Clusters  []ClusterView `json:"clusters"`
	TimeoutMS int64         `json:"timeout_ms"`
	Retry     *RetryView    `json:"retry"`
	Mirror    *ClusterView  `json:"mirror"`
	rules.FaultView
	Rewrite       *PlaceView        `json:"rewrite,omitempty"`
	Redirect      *PlaceView        `json:"redirect,omitempty"`
	AppendHeaders map[string]string `json:"append_headers,omitempty"`
	Websocket     bool              `json:"websocket,omitempty"`
	CORS          *CORSView         `json:"cors,omitempty"`
	Also          []AlsoView        `json:"also,omitempty"`
}

// PlaceView is where a request goes in place of its own path and host.
type PlaceView struct {
	Authority string `json:"authority"`
	URI       string `json:"uri"`
}

// CORSView is what a browser is told about pages of other origins.
type CORSView struct {
	Enabled     bool     `json:"enabled"`
	Origins     []string `json:"allow_origin,omitempty"`
	Methods     []string `json:"allow_methods,omitempty"`
	Headers     []string `json:"allow_headers,omitempty"`
	Expose      []string `json:"expose_headers,omitempty"`
	MaxAgeS     *int     `json:"max_age_s,omitempty"`
	Credentials *bool    `json:"allow_credentials,omitempty"`
}

// MatchView is one condition.
type MatchView struct {
	Header     string  `json:"header,omitempty"`
	Exact      *string `json:"exact,omitempty"`
	Prefix     *string `json:"prefix,omitempty"`
	Regex      *string `json:"regex,omitempty"`
	PathExact  string  `json:"path_exact,omitempty"`
	PathPrefix string  `json:"path_prefix,omitempty"`
}

// ClusterView is a cluster; Host is "" for the service that the view is of, Weight nil for a
// mirror.
type ClusterView struct {
	Host   string      `json:"host,omitempty"`
	Labels mesh.Labels `json:"labels"`
	Weight *int        `json:"weight,omitempty"`
}

// RetryView is a retry policy.
type RetryView struct {
	Num      int    `json:"num"`
	PerTryMS int64  `json:"per_try_ms"`
	On       string `json:"on"`
}

// AlsoView is another rule's fault that hits the route: always, or if-match.
type AlsoView struct {
	Fault int    `json:"fault"` // index in Faults
	When  string `json:"when"`
}

// FilterView is a fault filter, on the requests for a cluster.
type FilterView struct {
	ClusterView
	Match []MatchView `json:"match"`
	rules.FaultView
}

// PolicyView is the policy of a cluster; From is the key of its rule.
type PolicyView struct {
	ClusterView
	Endpoints                int          `json:"endpoints"`
	From                     string       `json:"from"`
	LB                       string       `json:"lb"`
	MaxConnections           *int         `json:"max_connections"`
	MaxPending               *int         `json:"max_pending"`
	MaxRequests              *int         `json:"max_requests,omitempty"`
	MaxRetries               *int         `json:"max_retries,omitempty"`
	MaxRequestsPerConnection *int         `json:"max_requests_per_connection"`
	Outlier                  *OutlierView `json:"outlier"`
}

// OutlierView is outlier detection.
type OutlierView struct {
	Consecutive5xx     *int   `json:"consecutive_5xx"`
	IntervalMS         *int64 `json:"interval_ms"`
	BaseEjectionMS     *int64 `json:"base_ejection_ms"`
	MaxEjectionPercent *int   `json:"max_ejection_percent"`
}

// EgressView is a host outside the mesh. Cluster, Type and LB are what 0.7.1 made of it; the
// lab resolves the host itself.
type EgressView struct {
	AutoHostRewrite bool     `json:"auto_host_rewrite"`
	Cluster         string   `json:"cluster"`
	Domains         []string `json:"domains"`
	Features        string   `json:"features"`
	LB              string   `json:"lb"`
	Port            int      `json:"port"`
	TimeoutMS       int64    `json:"timeout_ms"`
	TLS             bool     `json:"tls"`
	Type            string   `json:"type"`
}
