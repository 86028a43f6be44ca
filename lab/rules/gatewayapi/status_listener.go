package gatewayapi

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// proxyOf is the pod, and its Service, that Istio makes for a Gateway.
func proxyOf(g gatewayRule) mesh.Name {
	return mesh.Name{Namespace: g.Key.Namespace, Name: g.Key.Name + "-" + istioClass}
}

// parentsOf are the listeners of a Gateway that routes can have for a parent. Istio makes nothing of one that conflicts
// with another, nor of one that is to encrypt and has no tls; a Gateway of another class is not its own.
func parentsOf(g gatewayRule) []edge {
	var list []edge
	for n, l := range g.Spec.Listeners {
		e := edge{g, l, n}
		if g.Spec.GatewayClassName == istioClass && !e.conflicts() && (l.TLS != nil || !isSecure(l)) {
			list = append(list, e)
		}
	}
	return list
}

// conflicts reports whether an earlier listener, which stays, has the port and the hostname of this one.
func (e edge) conflicts() bool {
	var stay []gateway.Listener
	for _, l := range e.Spec.Listeners[:e.place+1] {
		taken := slices.ContainsFunc(stay, func(o gateway.Listener) bool {
			return o.Port == l.Port && or(o.Hostname, "") == or(l.Hostname, "")
		})
		if !taken {
			stay = append(stay, l)
		}
	}
	return len(stay) == 0 || stay[len(stay)-1].Name != e.listener.Name
}

const (
	rivals     = "ProtocolConflict"
	rivalsText = "Listener has a conflict with another listener attached to the same Gateway"
)

func (i inspector) listenerStatus(e edge) gateway.ListenerStatus {
	kinds, valid := supported(e.listener)
	list := []verdict{
		{"Accepted", "Accepted", allWell, metav1.ConditionTrue}, {"Conflicted", "NoConflicts", allWell, metav1.ConditionFalse},
		{"Programmed", "Programmed", allWell, metav1.ConditionTrue}, {"ResolvedRefs", "ResolvedRefs", allWell, metav1.ConditionTrue},
	}
	if problem := i.problem(e); e.conflicts() {
		list = []verdict{
			list[0].but(metav1.ConditionFalse, rivals, rivalsText), list[1].but(metav1.ConditionTrue, rivals, rivalsText),
			list[2].but(metav1.ConditionFalse, rivals, rivalsText),
		}
	} else if problem.reason != "" {
		if problem.reason != badCertificate {
			list[0] = list[0].but(metav1.ConditionFalse, "NoValidCACertificate", problem.text)
		}
		list[2] = list[2].but(metav1.ConditionFalse, "Invalid", "Bad TLS configuration")
		list[3] = list[3].but(metav1.ConditionFalse, problem.reason, problem.text)
	}
	if !valid {
		list = append(list[:3], verdict{"ResolvedRefs", "InvalidRouteKinds", "Invalid route kinds", metav1.ConditionFalse})
	}
	return gateway.ListenerStatus{
		Name: e.listener.Name, SupportedKinds: kinds, AttachedRoutes: i.attached(e), Conditions: told(e.Rule, list),
	}
}

const allWell = "No errors found"

// supported are the kinds of routes that a listener takes, and whether it takes all that it names.
func supported(l gateway.Listener) (kinds []gateway.RouteGroupKind, valid bool) {
	names := []gateway.Kind{httpRouteKind, grpcRouteKind}
	if l.Protocol == gateway.TLSProtocolType {
		names = []gateway.Kind{tlsRouteKind}
	}
	wanted, group := or(l.AllowedRoutes, gateway.AllowedRoutes{}).Kinds, gateway.Group(Group)
	kinds = []gateway.RouteGroupKind{}
	for _, name := range names {
		if len(wanted) == 0 || slices.ContainsFunc(wanted, func(k gateway.RouteGroupKind) bool {
			return k.Kind == name && or(k.Group, Group) == Group
		}) {
			kinds = append(kinds, gateway.RouteGroupKind{Group: &group, Kind: name})
		}
	}
	return kinds, len(wanted) == 0 || len(kinds) == len(wanted)
}

// attached counts the references of routes that a listener takes.
func (i inspector) attached(e edge) int32 {
	if !slices.ContainsFunc(parentsOf(e.gatewayRule), func(p edge) bool { return p.place == e.place }) {
		return 0
	}
	count := int32(0)
	for _, r := range slices.Concat(routesOf(i.set), tlsRoutesOf(i.set)) {
		for _, p := range r.Spec.ParentRefs {
			if e.isNamed(r, p) && denial(e.gatewayRule, e.listener, i.topology.LabelsOf, r, p) == (problem{}) {
				count++
			}
		}
	}
	return count
}

// doorsOf are the Gateways of a name: one, or none.
func (i inspector) doorsOf(name mesh.Name) []gatewayRule {
	return slices.DeleteFunc(rules.ByKey[gateway.GatewaySpec](i.set), func(g gatewayRule) bool { return g.Key.Path() != name.String() })
}
