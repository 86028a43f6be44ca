package v1

import (
	"strconv"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

func (v *validator) peerAuthentication(p *security.PeerAuthentication) {
	v.selector(p.Selector)
	if len(p.PortLevelMtls) > 0 && isWide(p) {
		v.Fail("spec.portLevelMtls", "want a selector beside it: modes of ports are those of a workload")
	}
	if len(p.PortLevelMtls) == 0 && v.Doc.Says("spec.portLevelMtls") {
		v.Fail("spec.portLevelMtls", "want at least one port")
	}
	for port := range p.PortLevelMtls {
		v.Port(document.Join("spec.portLevelMtls", strconv.Itoa(int(port))), int(port))
	}
}

func (i inspector) peerAuthenticationNotes(p peerAuthentication) []rules.Finding {
	return i.nobody(p.Rule, "spec.selector", p.Spec.GetSelector().GetMatchLabels())
}

// authentication is what a server's sidecar wants of those who connect: of the rules for the mesh, for
// its namespace and for the workload itself, each the oldest, the closest that says something.
func (r *resolver) authentication(server mesh.Workload) mesh.Authentication {
	all, namespace, workload := r.peersOf(server)
	a := mesh.Authentication{Mode: mesh.Permissive}
	for _, p := range []*peerAuthentication{all, namespace, workload} {
		if p == nil {
			continue
		}
		if mode, ok := mutual(p.Spec.Mtls); ok {
			a.Mode, a.From = mode, p.Key.Path()
		}
	}
	if workload != nil && len(workload.Spec.PortLevelMtls) > 0 {
		a.Ports, a.PortsFrom = map[int]mesh.Mutual{}, workload.Key.Path()
		for port, m := range workload.Spec.PortLevelMtls {
			if mode, ok := mutual(m); ok {
				a.Ports[int(port)] = mode
			}
		}
	}
	return a
}

// peersOf are the oldest rules for the mesh, for a server's namespace and for the workload itself; nil for none.
func (r *resolver) peersOf(server mesh.Workload) (all, namespace, workload *peerAuthentication) {
	keep := func(place **peerAuthentication, p peerAuthentication) {
		if *place == nil {
			*place = &p
		}
	}
	for _, p := range r.peers {
		switch {
		case isWide(p.Spec) && p.Key.Namespace == rootNamespace:
			keep(&all, p)
		case isWide(p.Spec) && p.Key.Namespace == server.Namespace:
			keep(&namespace, p)
		case p.Key.Namespace == server.Namespace && p.Key.Namespace != rootNamespace &&
			server.Labels.Has(p.Spec.GetSelector().GetMatchLabels()):
			keep(&workload, p)
		}
	}
	return all, namespace, workload
}

func isWide(p *security.PeerAuthentication) bool { return len(p.GetSelector().GetMatchLabels()) == 0 }

// mutual is false for a mode that says nothing.
func mutual(m *security.PeerAuthentication_MutualTLS) (mesh.Mutual, bool) {
	switch m.GetMode() {
	case security.PeerAuthentication_MutualTLS_STRICT:
		return mesh.Strict, true
	case security.PeerAuthentication_MutualTLS_PERMISSIVE:
		return mesh.Permissive, true
	case security.PeerAuthentication_MutualTLS_DISABLE:
		return mesh.Disabled, true
	default:
		return mesh.Permissive, false
	}
}
