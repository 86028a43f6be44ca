package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

func (v *validator) gateway(g *networking.Gateway) {
	v.Required("spec.servers", g.Servers)
	v.labels("spec.selector", g.Selector)
	names, ports := map[string]bool{}, map[string]bool{}
	for i, s := range g.Servers {
		path := rules.At("spec.servers", i)
		v.gatewayPort(path+".port", s.Port)
		v.Once(path+".port.name", s.GetPort().GetName(), ports)
		v.Required(path+".hosts", s.Hosts)
		for j, host := range s.Hosts {
			v.serverHost(rules.At(path+".hosts", j), host)
		}
		if s.Name != "" {
			v.Once(path+".name", s.Name, names)
		}
	}
}

func (v *validator) gatewayPort(path string, p *networking.Port) {
	v.Port(path+".number", int(p.GetNumber()))
	v.NotEmpty(path+".name", p.GetName())
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
