package gatewayapi

import (
	"fmt"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

type inspector struct {
	set      rules.Set
	topology mesh.Topology
}

func (i inspector) httpRouteNotes(r httpRoute) []rules.Finding {
	var list []rules.Finding
	for _, text := range append(i.parents(r), i.backends(r)...) {
		list = append(list, rules.Warn("", rules.Negative,
			"A condition with a negative status is present: %s", text))
	}
	return list
}

func (i inspector) parents(r httpRoute) []string {
	const none = "type=Accepted, reason=NoMatchingParent, message="
	var list []string
	for _, p := range r.Spec.ParentRefs {
		name := named(r, p.Namespace, p.Name)
		service, isThere := i.topology.ServiceAt(mesh.Service{Name: name}.Host())
		_, hasPort := service.Port(int(or(p.Port, 0)))
		_, isGateway := i.set.Get(rules.Key{
			Group: Group, Kind: gatewayKind, Namespace: name.Namespace, Name: name.Name,
		})
		switch {
		case !isService(p) && !isGateway:
			list = append(list, fmt.Sprintf("%sgateway %q not found.", none, p.Name))
		case !isService(p):
		case !isThere:
			list = append(list, fmt.Sprintf("%sparent service: %q not found.", none, p.Name))
		case p.Port != nil && !hasPort:
			list = append(list, fmt.Sprintf("%sport %d not found.", none, *p.Port))
		}
	}
	return list
}

// backends name the first backend that is not there, as Istio's status does.
func (i inspector) backends(r httpRoute) []string {
	var refs []gateway.BackendObjectReference
	for _, rule := range r.Spec.Rules {
		for _, b := range rule.BackendRefs {
			refs = append(refs, b.BackendObjectReference)
		}
		for _, f := range rule.Filters {
			if f.RequestMirror != nil {
				refs = append(refs, f.RequestMirror.BackendRef)
			}
		}
	}
	for _, b := range refs {
		c := cluster(r, b)
		service, ok := i.topology.ServiceAt(c.Host)
		if _, hasPort := service.Port(c.Port); !ok || !hasPort {
			return []string{fmt.Sprintf("type=ResolvedRefs, reason=BackendNotFound, "+
				"message=backend(%s) not found.", c.Host)}
		}
	}
	return nil
}
