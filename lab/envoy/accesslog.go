package envoy

import (
	"encoding/json"
	"fmt"
	"time"
)

// Access is one request, as the listener that took it tells it at its end.
type Access struct {
	Time      time.Time `json:"time"` // of the request's begin
	Pod       string    `json:"pod"`  // NAMESPACE/NAME of the instance whose proxy this is, or ingress
	Direction string    `json:"direction"`
	// Route is the rule that an outbound request followed, and the caller of an inbound one: its
	// workload, or others. Empty where no route was found.
	Route     string `json:"route"`
	Method    string `json:"method"`
	Authority string `json:"authority"`
	Path      string `json:"path"`
	Status    int    `json:"status"` // 0: none was sent
	// Flags and Details are Envoy's names for the cause, such as UO and overflow, FI and
	// fault_filter_abort, via_upstream.
	Flags    string `json:"flags"`
	Details  string `json:"details"`
	Cluster  string `json:"cluster"`  // empty: none was chosen
	Upstream string `json:"upstream"` // the instance, or the address, that answered last
	Attempts int    `json:"attempts"` // 0: it was not passed on
	Duration int    `json:"duration"` // milliseconds
	// Request is x-request-id, the same on all hops whose programs pass it on.
	Request string `json:"request"`
	Trace   string `json:"trace"` // x-b3-traceid
	// Headers are those of the request that the format names.
	Headers Headers `json:"headers"`
}

// The directions.
const (
	Inbound  = "inbound"
	Outbound = "outbound"
)

// AccessFormat is the format of Envoy's access log that ParseAccess reads; headers are the names
// of those to log besides.
func AccessFormat(pod, direction string, headers []string) map[string]any {
	logged := map[string]any{}
	for _, name := range headers {
		logged[name] = "%REQ(" + name + ")%"
	}
	return map[string]any{
		"time":      "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
		"pod":       pod,
		"direction": direction,
		"route":     "%ROUTE_NAME%",
		"method":    "%REQ(:METHOD)%",
		"authority": "%REQ(:AUTHORITY)%",
		"path":      "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
		"status":    "%RESPONSE_CODE%",
		"flags":     "%RESPONSE_FLAGS%",
		"details":   "%RESPONSE_CODE_DETAILS%",
		"cluster":   "%UPSTREAM_CLUSTER_RAW%",
		"upstream":  "%UPSTREAM_HOST_NAME%",
		"attempts":  "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
		"duration":  "%DURATION%",
		"request":   "%REQ(X-REQUEST-ID)%",
		"trace":     "%REQ(X-B3-TRACEID)%",
		"headers":   logged,
	}
}

// ParseAccess reads a line of the access log.
func ParseAccess(line string) (*Access, error) {
	var a Access
	s := scan(line)
	s.skip("{")
	a.scan(&s)
	if s.skip("}"); s.isAtEnd() {
		return &a, nil
	}
	return parse[Access](line)
}

// scan takes what AccessFormat has.
func (a *Access) scan(s *scanner) {
	a.Attempts = s.number("attempts")
	a.Authority = s.text("authority")
	a.Cluster = s.text("cluster")
	a.Details = s.text("details")
	a.Direction = s.text("direction")
	a.Duration = s.number("duration")
	a.Flags = s.text("flags")
	a.Headers = Headers(s.object("headers"))
	a.Method = s.text("method")
	a.Path = s.text("path")
	a.Pod = s.text("pod")
	a.Request = s.text("request")
	a.Route = s.text("route")
	a.Status = s.number("status")
	a.Time = s.time("time")
	a.Trace = s.text("trace")
	a.Upstream = s.text("upstream")
}

// parse reads a line that may be any JSON.
func parse[T any](line string) (*T, error) {
	var t T
	if err := json.Unmarshal([]byte(line), &t); err != nil {
		return nil, fmt.Errorf("access log: %w", err)
	}
	return &t, nil
}
