package objects

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// Source is where the part of an object stands that does something.
type Source struct {
	Ref
	File     string
	Line     int
	Revision int
	Lines    []string // of the file, the part's first ones
	Action   string   // of an access policy: ALLOW, DENY
}

// SourceQuery asks for the object behind a part of the mesh.
type SourceQuery struct {
	// Part is what is done: one of Parts. Required.
	Part string
	// From and Field are mesh's, of a route, a fault, a policy, a denial or a limit.
	From, Field string
	// Cluster is what is called; Client is the workload that calls.
	Cluster mesh.Cluster
	Client  mesh.Workload
}

// Of2018 reports whether the defaults of Istio 0.7.1 hold, not today's.
func (s Set) Of2018() bool {
	d, _ := s.spoken()
	return d.name == dialects()[0].name
}

// quoted is how many lines of a part are shown.
const quoted = 6

// Source is the object behind a part of the mesh; false where no object says anything about it.
func (s Set) Source(q SourceQuery) (Source, bool) {
	for _, kind := range kindsOf(q.Part) {
		for _, o := range s.objects {
			if o.Kind != kind || !q.isOf(o) {
				continue
			}
			if path, ok := q.path(o); ok {
				return o.source(path), true
			}
		}
	}
	return Source{}, false
}

func (o Object) source(path string) Source {
	line, lines := o.doc.Quote(path, quoted)
	if path == "" {
		line, lines = o.doc.Line, nil
	}
	return Source{
		Ref: o.Ref, File: o.doc.File, Line: line, Revision: o.Revision, Lines: lines,
		Action: o.Field("spec", "action"),
	}
}

// kindsOf are the kinds that have a part, those first that have precedence.
func kindsOf(part string) []string {
	switch part {
	case "route":
		return []string{"HTTPRoute", "GRPCRoute", "VirtualService", "RouteRule", "Ingress"}
	case "delay", "abort", "timeout", "retry", "mirror":
		return []string{"HTTPRoute", "GRPCRoute", "VirtualService", "RouteRule"}
	case "circuit breaker", "ejection", "load balancing", "TLS to others":
		return []string{"DestinationRule", "DestinationPolicy"}
	case "access":
		return []string{"AuthorizationPolicy", "rule"}
	case "token":
		return []string{"RequestAuthentication"}
	case "rate limit":
		return []string{"EnvoyFilter", "rule"}
	case "host outside":
		return []string{"ServiceEntry", "EgressRule"}
	case "outbound calls":
		return []string{"Sidecar"}
	case "TLS":
		return []string{"Gateway"}
	}
	return nil
}

// isOf reports whether an object is the one behind a query.
func (q SourceQuery) isOf(o Object) bool {
	switch q.Part {
	case "host outside":
		return slices.Contains(o.outside(), q.Cluster.Host)
	case "outbound calls":
		return o.Namespace == q.Client.Namespace && q.Client.Labels.Has(o.selector()) || o.Namespace == rootNamespace
	}
	if o.rule == nil {
		return q.From == o.Namespace+"/"+o.Name
	}
	key := o.rule.Key
	return q.From == key.Path() || q.From == key.String() || o.Kind == "RouteRule" && q.From == key.Name
}

// rootNamespace is Istio's own, whose rules are for all namespaces.
const rootNamespace = "istio-system"

// outside are the hosts outside that a rule names.
func (o Object) outside() []string {
	var hosts []string
	if json.Unmarshal([]byte(o.Field("spec", "hosts")), &hosts) == nil {
		return hosts
	}
	return []string{o.Field("spec", "destination", "service")}
}

func (o Object) selector() mesh.Labels {
	var labels mesh.Labels
	_ = json.Unmarshal([]byte(o.Field("spec", "workloadSelector", "labels")), &labels) // or it has none
	return labels
}

// path is the field of an object that has the part; false where the object does not say it.
func (q SourceQuery) path(o Object) (string, bool) {
	candidates := q.paths(o)
	for _, path := range candidates {
		if o.doc.Has(path) {
			return path, true
		}
	}
	// Only what is not said in a part of its own acts as a whole.
	return "", len(candidates) == 0 || slices.Contains(candidates, "")
}

func (q SourceQuery) paths(o Object) []string {
	switch o.Kind {
	case "RouteRule":
		return map[string][]string{
			"route": {"spec.route", "spec.redirect", "spec.destination"}, "mirror": {"spec.mirror"},
			"delay": {"spec.httpFault.delay"}, "abort": {"spec.httpFault.abort"},
			"timeout": {"spec.httpReqTimeout"}, "retry": {"spec.httpReqRetries"},
		}[q.Part]
	case "VirtualService":
		return q.within(map[string][]string{
			"route": {".route", ".redirect", ".directResponse", ""}, "mirror": {".mirror", ".mirrors"},
			"delay": {".fault.delay"}, "abort": {".fault.abort"},
			"timeout": {".timeout"}, "retry": {".retries"},
		}[q.Part])
	case "HTTPRoute", "GRPCRoute":
		return q.within(map[string][]string{
			"route": {".backendRefs", ""}, "mirror": {".filters"}, "timeout": {".timeouts"},
			"retry": {".retry"}, "delay": {".none"}, "abort": {".none"},
		}[q.Part])
	case "DestinationPolicy":
		return map[string][]string{
			"load balancing": {"spec.loadBalancing"}, "circuit breaker": {"spec.circuitBreaker"},
			"ejection": {"spec.circuitBreaker"},
		}[q.Part]
	case "DestinationRule":
		return q.ofPolicy(o)
	}
	return map[string][]string{
		"Ingress": {"spec.rules", "spec"}, "Sidecar": {"spec.outboundTrafficPolicy"},
		"EgressRule": {"spec.destination"}, "ServiceEntry": {"spec.hosts"},
		"AuthorizationPolicy": {cmp.Or(q.Field, "spec.action"), "spec.action", "spec"}, "rule": {"spec.match", "spec.actions"},
		"EnvoyFilter":           {"spec.configPatches"},
		"Gateway":               {q.Field},
		"RequestAuthentication": {cmp.Or(q.Field, "spec"), "spec"},
	}[o.Kind]
}

// within are fields of a route of several.
func (q SourceQuery) within(fields []string) []string {
	if q.Field == "" {
		return []string{""} // a part of it is another rule's
	}
	var list []string
	for _, f := range fields {
		list = append(list, q.Field+f)
	}
	return list
}

// ofPolicy are the fields that say how a cluster is treated: those of its subset first.
func (q SourceQuery) ofPolicy(o Object) []string {
	name := map[string]string{
		"load balancing": "loadBalancer", "circuit breaker": "connectionPool", "ejection": "outlierDetection",
		"TLS to others": "tls",
	}[q.Part]
	var list []string
	for i := 0; o.doc.Has(fmt.Sprintf("spec.subsets[%d]", i)); i++ {
		path := fmt.Sprintf("spec.subsets[%d]", i)
		if !strings.EqualFold(o.doc.Text(path+".name"), q.Cluster.Subset) {
			continue
		}
		list = append(list, path+".trafficPolicy."+name)
	}
	for i := 0; o.doc.Has(fmt.Sprintf("spec.trafficPolicy.portLevelSettings[%d]", i)); i++ {
		path := fmt.Sprintf("spec.trafficPolicy.portLevelSettings[%d]", i)
		if o.doc.Text(path+".port.number") == fmt.Sprint(q.Cluster.Port) {
			list = append(list, path+"."+name)
		}
	}
	return append(list, "spec.trafficPolicy."+name)
}
