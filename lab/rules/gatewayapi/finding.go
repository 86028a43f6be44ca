package gatewayapi

import (
	"fmt"
	"slices"
	"strings"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// codeNegative is istioctl's for a resource that says of itself that it does not work.
const codeNegative = "IST0171"

// covers is true for equal hosts, and for a wildcard and what is below it.
func covers(pattern, host string) bool {
	end, wild := strings.CutPrefix(pattern, "*")
	return pattern == host || wild && strings.HasSuffix(host, end)
}

// Findings are what a reader should know about the rules of both packages, in the order of their
// keys.
func Findings(s v1.Set, t mesh.Topology) []v1.Finding {
	list := v1.Findings(s, t)
	for _, r := range rulesOf[gateway.HTTPRouteSpec](s) {
		for _, text := range append(parentNotes(s, t, r), backendNotes(t, r)...) {
			text = "A condition with a negative status is present: " + text
			list = append(list, v1.Finding{
				Key: r.Key, Code: codeNegative, Level: v1.Warning, Text: text,
			})
		}
	}
	for _, g := range rulesOf[gateway.GatewaySpec](s) {
		if class := g.spec.GatewayClassName; class != istioClass {
			list = append(list, v1.Finding{
				Key: g.Key, Path: "spec.gatewayClassName", Level: v1.Warning,
				Text: fmt.Sprintf("never acts: nobody serves gateways of class %s", class),
			})
		}
	}
	slices.SortStableFunc(list, func(a, b v1.Finding) int {
		return strings.Compare(a.Key.String(), b.Key.String())
	})
	return list
}

func parentNotes(s v1.Set, t mesh.Topology, r httpRoute) []string {
	const none = "type=Accepted, reason=NoMatchingParent, message="
	var list []string
	for _, p := range r.spec.ParentRefs {
		namespace := string(or(p.Namespace, gateway.Namespace(r.Key.Namespace)))
		name := mesh.Name{Namespace: namespace, Name: string(p.Name)}
		if !isService(p) {
			key := v1.Key{Group: Group, Kind: gatewayKind, Namespace: namespace, Name: name.Name}
			if _, ok := s.Get(key); !ok {
				list = append(list, fmt.Sprintf("%sgateway %q not found.", none, p.Name))
			}
			continue
		}
		service, ok := t.ServiceAt(mesh.Service{Name: name}.Host())
		if !ok {
			list = append(list, fmt.Sprintf("%sparent service: %q not found.", none, p.Name))
			continue
		}
		if _, ok := service.Port(int(or(p.Port, 0))); p.Port != nil && !ok {
			list = append(list, fmt.Sprintf("%sport %d not found.", none, *p.Port))
		}
	}
	return list
}

// backendNotes name the first backend that is not there, as Istio's status does.
func backendNotes(t mesh.Topology, r httpRoute) []string {
	var backends []gateway.BackendObjectReference
	for _, rule := range r.spec.Rules {
		for _, b := range rule.BackendRefs {
			backends = append(backends, b.BackendObjectReference)
		}
		for _, f := range rule.Filters {
			if f.RequestMirror != nil {
				backends = append(backends, f.RequestMirror.BackendRef)
			}
		}
	}
	for _, b := range backends {
		c := cluster(r, b)
		service, ok := t.ServiceAt(c.Host)
		if _, hasPort := service.Port(c.Port); !ok || !hasPort {
			return []string{fmt.Sprintf("type=ResolvedRefs, reason=BackendNotFound, "+
				"message=backend(%s) not found.", c.Host)}
		}
	}
	return nil
}
