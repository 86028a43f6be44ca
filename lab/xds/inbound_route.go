package xds

import (
	"net/http"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/filter"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/route"
)

// Others is what the access log calls a caller that is no workload of the mesh.
const Others = "others"

// entrances are the routes to a program: for each workload that may call, and for all others, those
// that refuse some requests and one for the rest. The name of a route is its caller's.
func (b *builder) entrances(s served, in mesh.Inbound) []*routev3.Route {
	list := b.late(s, in)
	add := func(caller string, isFor func(mesh.Callers) bool, is ...mesh.Condition) {
		for _, route := range b.entrance(s, in, isFor) {
			route.Name = caller
			for _, condition := range is { // at most one
				route.Match.Headers = slices.Insert(route.Match.Headers, 0, match.Header(condition))
			}
			list = append(list, route)
		}
	}
	for _, w := range b.mesh.Workloads {
		add(w.String(), func(c mesh.Callers) bool {
			return slices.Contains(c.Workloads, w.Name)
		}, isCaller(w.String()))
	}
	add(Others, func(c mesh.Callers) bool { return c.Others })
	return list
}

// late answers those whose connection is of a time when the port took another kind: new ones of it
// are closed. Clients that go by what a server takes have a new connection for the next request; the
// others would have one more answered.
func (b *builder) late(s served, in mesh.Inbound) []*routev3.Route {
	var isEncrypted bool
	switch mode, _ := in.Authentication.At(s.port); {
	case mode == mesh.Strict && b.insisting.plain:
	case mode == mesh.Disabled && b.insisting.mutual:
		isEncrypted = true
	default:
		return nil
	}
	kind := match.Everything()
	kind.TlsContext = &routev3.RouteMatch_TlsContextMatchOptions{Presented: wrapperspb.Bool(isEncrypted)}
	return []*routev3.Route{{
		Name: Others, Match: kind, Action: route.Direct(mesh.Response{
			Status: http.StatusServiceUnavailable,
			Body: "upstream connect error or disconnect/reset before headers. reset reason: connection " +
				"termination",
		}),
	}}
}

// isCaller is met by the calls of a workload.
func isCaller(name string) mesh.Condition {
	return mesh.Condition{Attribute: mesh.Header, Header: route.CallerHeader, Compare: mesh.Exact, Value: name}
}

// entrance is the routes of the callers for whom the rest is: of the denials that some requests meet, up
// to the first that all meet, and else that to the program.
func (b *builder) entrance(
	s served, in mesh.Inbound, isFor func(mesh.Callers) bool,
) []*routev3.Route {
	var list []*routev3.Route
	for _, d := range in.Denials {
		if !isFor(d.Callers) || len(d.When) > 0 && s.protocol == mesh.TCP {
			continue
		}
		list = append(list, &routev3.Route{
			Match: match.All(d.When), Action: route.Direct(d.Answer),
			TypedPerFilterConfig: filter.Off(&b.Packer, in), // who is refused spends nothing
		})
		if len(d.When) == 0 {
			return list
		}
	}
	action := &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: s.name()},
		Timeout:          durationpb.New(0),
	}
	behave(action, s, in.ProxyDefaults)
	for _, l := range in.Limits {
		if !filter.IsLocal(l) && isFor(l.Callers) {
			name, charges := filter.Charges(&b.Packer, l)
			b.snapshot.Limits[name] = l // for when Envoy asks
			action.RateLimits = append(action.RateLimits, charges...)
		}
	}
	return append(list, &routev3.Route{Match: match.Everything(), Action: &routev3.Route_Route{Route: action}})
}

// behave has a route to a program do what its proxy does with all requests. Streams of gRPC are not
// tried again.
func behave(action *routev3.RouteAction, s served, m mesh.ProxyDefaults) {
	if m.Deadlines {
		action.MaxStreamDuration = &routev3.RouteAction_MaxStreamDuration{
			MaxStreamDuration: durationpb.New(0), GrpcTimeoutHeaderMax: durationpb.New(0),
		}
	}
	if m.Resets && s.protocol != mesh.HTTP2 {
		action.RetryPolicy = &routev3.RetryPolicy{
			RetryOn: "reset-before-request", NumRetries: wrapperspb.UInt32(resetRetries),
		}
	}
}

// resetRetries is how often Istio's sidecars try again.
const resetRetries = 2
