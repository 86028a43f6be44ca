package gatewayapi

import (
	"slices"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// scope is the calls that routes act on.
type scope struct {
	set  rules.Set
	call v1.Call
	edge bool // at the ingress, where a backend of another namespace needs a ReferenceGrant
}

// meshRoutes are those of all routes of a namespace that have the called Service or ServiceEntry for
// a parent.
func meshRoutes(set rules.Set, call v1.Call, namespace string) ([]v1.Route, rules.Key, bool) {
	var attached []httpRoute
	for _, r := range slices.DeleteFunc(routesOf(set), isBroken) {
		called := parentOf(call)
		if r.Key.Namespace != namespace {
			continue
		}
		if slices.ContainsFunc(r.Spec.ParentRefs, func(p gateway.ParentReference) bool {
			isCalled := isService(p) && call.Entry == mesh.Name{} ||
				isEntry(p) && call.Entry != mesh.Name{}
			return isCalled && named(r, p.Namespace, p.Name) == called &&
				int(or(p.Port, gateway.PortNumber(call.Port))) == call.Port
		}) {
			attached = append(attached, r)
		}
	}
	if len(attached) == 0 {
		return nil, rules.Key{}, false
	}
	return scope{set: set, call: call}.sorted(attached), attached[0].Key, true
}

// parentOf is what a route for a call names as its parent.
func parentOf(call v1.Call) mesh.Name {
	if call.Entry != (mesh.Name{}) {
		return call.Entry
	}
	return call.Service.Name
}

// named is what a route refers to; without a namespace, it is in the route's.
func named(r httpRoute, namespace *gateway.Namespace, name gateway.ObjectName) mesh.Name {
	return mesh.Name{
		Namespace: string(or(namespace, gateway.Namespace(r.Key.Namespace))), Name: string(name),
	}
}

func isParent(p gateway.ParentReference, group gateway.Group, kind gateway.Kind) bool {
	return or(p.Kind, gatewayKind) == kind && or(p.Group, Group) == group
}

func isGateway(p gateway.ParentReference) bool { return isParent(p, Group, gatewayKind) }

func isService(p gateway.ParentReference) bool { return isParent(p, "", serviceKind) }

func isEntry(p gateway.ParentReference) bool { return isParent(p, istioGroup, entryKind) }

// isHost reports whether a backend is a host by its name.
func isHost(b gateway.BackendObjectReference) bool {
	return or(b.Group, "") == istioGroup && or(b.Kind, serviceKind) == hostKind
}

// cluster is that of a backend, granted or not.
func cluster(r httpRoute, b gateway.BackendObjectReference) mesh.Cluster {
	service := mesh.Service{Name: named(r, b.Namespace, b.Name)}
	c := mesh.Cluster{Host: service.Host(), Port: int(or(b.Port, 0))}
	if isHost(b) {
		c.Host = string(b.Name)
	}
	return c
}

// ungranted is the host of a cluster that is never there, so that who is sent to it gets 500.
const ungranted = "no-reference-grant"

func (s scope) cluster(r httpRoute, b gateway.BackendObjectReference) mesh.Cluster {
	c := cluster(r, b)
	if s.edge && !mayLead(s.set, r, b) {
		c.Host = ungranted
	}
	return c
}
