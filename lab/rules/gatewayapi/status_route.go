package gatewayapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
)

// controller is who writes Istio's status of routes.
const controller = "istio.io/gateway-controller"

// routeStatus has the parents that Istio serves, in its order.
func (i inspector) routeStatus(r httpRoute) gateway.RouteStatus {
	status := gateway.RouteStatus{Parents: []gateway.RouteParentStatus{}}
	for _, p := range r.Spec.ParentRefs {
		results := i.results(r, p)
		if len(results) == 0 {
			continue // a Gateway that is not there, or another's
		}
		accepted, references := bound(results), resolved()
		if problem := i.backends(r, isGateway(p)); problem.reason != "" {
			references = references.but(metav1.ConditionFalse, problem.reason, problem.text)
		}
		status.Parents = append(status.Parents, gateway.RouteParentStatus{
			ParentRef: whole(p), ControllerName: controller, Conditions: told(r.Rule, []verdict{accepted, references}),
		})
	}
	slices.SortStableFunc(status.Parents, func(a, b gateway.RouteParentStatus) int {
		return cmp.Compare(parentText(r, b.ParentRef), parentText(r, a.ParentRef))
	})
	return status
}

// whole is a reference with what the API server fills in.
func whole(p gateway.ParentReference) gateway.ParentReference {
	group, kind := or(p.Group, Group), or(p.Kind, gatewayKind)
	p.Group, p.Kind = &group, &kind
	return p
}

// parentText is what Istio orders parents by.
func parentText(r httpRoute, p gateway.ParentReference) string {
	return fmt.Sprintf("%s/%s/%s/%s/%d.%s", *p.Group, *p.Kind, p.Name, or(p.SectionName, ""), or(p.Port, 0),
		or(p.Namespace, gateway.Namespace(r.Key.Namespace)))
}

// results are what each of the things that a reference may mean has against a route.
func (i inspector) results(r httpRoute, p gateway.ParentReference) []problem {
	name := named(r, p.Namespace, p.Name)
	switch {
	case isEntry(p):
		if !i.has(istioGroup, entryKind, name) {
			return []problem{{unmatched, fmt.Sprintf("parent service entry: %q not found", p.Name)}}
		}
		return []problem{{}}
	case !isGateway(p):
		if _, isThere := i.topology.ServiceAt(mesh.Service{Name: name}.Host()); !isThere {
			return []problem{{unmatched, fmt.Sprintf("parent service: %q not found", p.Name)}}
		}
		return []problem{{}}
	}
	var list []problem
	for _, g := range i.doorsOf(name) {
		for _, e := range parentsOf(g) {
			list = append(list, denial(g, e.listener, i.topology.LabelsOf, r, p))
		}
	}
	return list
}

// bound is the verdict on a reference: that of those who take the route, else the gravest of the reasons, with the
// messages of all that have it.
func bound(results []problem) verdict {
	accepted := verdict{"Accepted", "Accepted", "Route was valid", metav1.ConditionTrue}
	takes, gravest := 0, problem{}
	for _, p := range results {
		switch order := cmp.Compare(gravity(p), gravity(gravest)); {
		case p.reason == "":
			takes++
		case order > 0:
			gravest = p
		case order == 0:
			gravest.text += "; " + p.text
		}
	}
	switch {
	case takes == 0:
		return accepted.but(metav1.ConditionFalse, gravest.reason, gravest.text)
	case takes > 1:
		accepted.message += fmt.Sprintf(", bound to %d parents", takes)
	}
	return accepted
}

// gravity is greater for a reason that Istio tells before others; 0 is none.
func gravity(p problem) int {
	return slices.Index([]string{"", unmatched, noHostname, notAllowed}, p.reason)
}

// The reasons of a parent that does not take a route.
const (
	unmatched  = "NoMatchingParent"
	noHostname = "NoMatchingListenerHostname"
	notAllowed = "NotAllowedByListeners"
)

// backends is what Istio's status has against the backends of a route, at the ingress or in the mesh: the last one
// of each rule that is not there, or that a route at the ingress may not lead to, and then its mirrors.
func (i inspector) backends(r httpRoute, atEdge bool) problem {
	found := problem{}
	if isBroken(r) {
		return problem{"InvalidDestination", "service name invalid; the name of the Service must be used, not the hostname."}
	}
	for _, rule := range r.Spec.Rules {
		var served, mirrored problem
		for _, b := range rule.BackendRefs {
			if one := i.backend(r, b.BackendObjectReference, atEdge); one.reason != "" && or(b.Weight, 1) > 0 {
				served = one
			}
		}
		for _, f := range rule.Filters {
			if f.RequestMirror == nil {
				continue
			}
			if one := i.backend(r, f.RequestMirror.BackendRef, atEdge); one.reason != "" {
				mirrored = one
			}
		}
		if both := served.and(mirrored); both.reason != "" {
			found = both
		}
	}
	return found
}

// isBroken reports whether a route has a host in the place of a Service's name: Istio makes nothing of the whole route.
func isBroken(r httpRoute) bool {
	return slices.ContainsFunc(r.Spec.Rules, func(rule gateway.HTTPRouteRule) bool {
		return slices.ContainsFunc(rule.BackendRefs, func(b gateway.HTTPBackendRef) bool {
			return !isHost(b.BackendObjectReference) && strings.Contains(string(b.Name), ".") && or(b.Weight, 1) > 0
		})
	})
}

func (i inspector) backend(r httpRoute, b gateway.BackendObjectReference, atEdge bool) problem {
	if atEdge && !mayLead(i.set, r, b) {
		return problem{notPermitted, fmt.Sprintf("backendRef %s/%s not accessible to a %s in namespace %q (missing a ReferenceGrant?)",
			b.Name, *b.Namespace, r.Key.Kind, r.Key.Namespace)}
	}
	if c := cluster(r, b); !i.isThere(c.Host) {
		return problem{"BackendNotFound", fmt.Sprintf("backend(%s) not found", c.Host)}
	}
	return problem{}
}
