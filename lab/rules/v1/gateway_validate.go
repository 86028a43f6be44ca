package v1

import (
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"

	networking "istio.io/api/networking/v1alpha3"
)

func (v *validator) gateway(g *networking.Gateway) {
	if len(g.Servers) == 0 {
		v.fail("spec.servers", "missing")
	}
	v.labels("spec.selector", g.Selector)
	for i, s := range g.Servers {
		path := at("spec.servers", i)
		v.gatewayPort(path+".port", s.Port)
		if len(s.Hosts) == 0 {
			v.fail(path+".hosts", "missing")
		}
		for j, host := range s.Hosts {
			v.serverHost(at(path+".hosts", j), host)
		}
		if s.Name != "" && slices.ContainsFunc(g.Servers[:i], func(o *networking.Server) bool {
			return o.Name == s.Name
		}) {
			v.fail(path+".name", "%s given twice", s.Name)
		}
	}
}

func (v *validator) gatewayPort(path string, p *networking.Port) {
	v.port(path+".number", p.GetNumber())
	if p.GetName() == "" {
		v.fail(path+".name", "must not be empty")
	}
	v.protocol(path+".protocol", p.GetProtocol(), httpProtocols())
}

// serverHost is HOST or NAMESPACE/HOST.
func (v *validator) serverHost(path, host string) {
	namespace, name, limited := strings.Cut(host, "/")
	if !limited {
		v.host(path, host)
		return
	}
	if !slices.Contains([]string{"*", "."}, namespace) && !isLabel(namespace) {
		v.fail(path, "%q is no namespace, nor * or .", namespace)
	}
	v.host(path, name)
}

func (i inspector) gatewayNotes(g typed[*networking.Gateway]) []Finding {
	if ingressLabels().Has(g.spec.Selector) {
		return nil
	}
	return []Finding{coded("spec.selector", codeNotFound, "Referenced selector not found: %q",
		mesh.Labels(g.spec.Selector).String())}
}
