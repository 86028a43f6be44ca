package v1

import (
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"

	networking "istio.io/api/networking/v1alpha3"
)

func (v *validator) gateway(g *networking.Gateway) {
	if len(g.Servers) == 0 {
		v.Fail("spec.servers", "missing")
	}
	v.labels("spec.selector", g.Selector)
	for i, s := range g.Servers {
		path := rules.At("spec.servers", i)
		v.gatewayPort(path+".port", s.Port)
		if len(s.Hosts) == 0 {
			v.Fail(path+".hosts", "missing")
		}
		for j, host := range s.Hosts {
			v.serverHost(rules.At(path+".hosts", j), host)
		}
		if s.Name != "" && slices.ContainsFunc(g.Servers[:i], func(o *networking.Server) bool {
			return o.Name == s.Name
		}) {
			v.Fail(path+".name", "%s given twice", s.Name)
		}
	}
}

func (v *validator) gatewayPort(path string, p *networking.Port) {
	v.port(path+".number", p.GetNumber())
	if p.GetName() == "" {
		v.Fail(path+".name", "must not be empty")
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
		v.Fail(path, "%q is no namespace, nor * or .", namespace)
	}
	v.host(path, name)
}

func (i inspector) gatewayNotes(g gateway) []rules.Finding {
	if ingressLabels().Has(g.Spec.Selector) {
		return nil
	}
	return []rules.Finding{failed("spec.selector", rules.NotFound, "Referenced selector not found: %q",
		mesh.Labels(g.Spec.Selector).String())}
}
