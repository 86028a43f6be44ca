package rules

import (
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// PassedOn are the headers of a request that the tutorial's programs pass on to the next one: a test
// holds the programs to them.
func PassedOn() []string {
	return []string{
		"user-agent", "x-request-id", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags",
		"x-ot-span-context", "b3", "traceparent", "tracestate", "baggage",
	}
}

// isSent reports whether calls from program to program have a header: one that is passed on, or one
// that a program or a proxy writes itself.
func isSent(header string) bool {
	header = strings.ToLower(header)
	return slices.Contains(PassedOn(), header) ||
		slices.Contains([]string{"host", "accept-encoding", "connection", "scheme", "method", "authority", "uri"}, header) ||
		strings.HasPrefix(header, ":") || strings.HasPrefix(header, "x-forwarded-") || strings.HasPrefix(header, "x-envoy-")
}

// Unsent says of a header that a rule for calls of a host compares, that no call from program to
// program has it; "" if one has. Requests from outside have any.
func Unsent(t mesh.Topology, host, header string) string {
	service, ok := t.ServiceAt(host)
	if !ok && len(t.ExternalAt(host)) == 0 || isSent(header) ||
		slices.ContainsFunc(t.Ingresses, func(i mesh.Ingress) bool { return i.Service == service.Name }) {
		return ""
	}
	return "no program passes header " + header + " on, so that only a call by hand has it; passed on are " +
		"user-agent, x-request-id, baggage, traceparent, tracestate and the headers of B3"
}
