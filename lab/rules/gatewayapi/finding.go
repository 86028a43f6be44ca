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
	for _, text := range append(parentNotes(i.set, i.topology, r), backendNotes(i.topology, r)...) {
		list = append(list, rules.Warn("", rules.Negative,
			"A condition with a negative status is present: %s", text))
	}
	return list
}

func parentNotes(s rules.Set, t mesh.Topology, r httpRoute) []string {
	const none = "type=Accepted, reason=NoMatchingParent, message="
	var list []string
	for _, p := range r.Spec.ParentRefs {
		namespace := string(or(p.Namespace, gateway.Namespace(r.Key.Namespace)))
		name := mesh.Name{Namespace: namespace, Name: string(p.Name)}
		if !isService(p) {
			key := rules.Key{Group: Group, Kind: gatewayKind, Namespace: namespace, Name: name.Name}
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
	for _, rule := range r.Spec.Rules {
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
