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
	names, ports := map[string]bool{}, map[string]bool{}
	for i, s := range g.Servers {
		path := rules.At("spec.servers", i)
		v.gatewayPort(path+".port", s.Port)
		v.Once(path+".port.name", s.GetPort().GetName(), ports)
		v.serverTLS(path+".tls", s)
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
	v.protocol(path+".protocol", p.GetProtocol(), append(httpProtocols(), "HTTPS", "TLS"))
}

// serverHost is HOST or NAMESPACE/HOST.
func (v *validator) serverHost(path, host string) {
	namespace, name, limited := strings.Cut(host, "/")
	if last := host[strings.Index(host, "/")+1:]; last != "" && last != "*" && !strings.Contains(last, ".") {
		v.Fail(path, "%s: a Gateway takes no short names, but whole ones such as shop.example", rules.Quote(last))
		return
	}
	if !limited {
		v.host(path, host)
		return
	}
	if !slices.Contains([]string{"*", "."}, namespace) && !isLabel(namespace) {
		v.Fail(path, "%q is not a namespace, nor * or .", namespace)
	}
	v.host(path, name)
}

func (i inspector) gatewayNotes(g gateway) []rules.Finding {
	if ingressLabels().Has(g.Spec.Selector) {
		return append(i.sameServers(g), i.credentialNotes(g)...)
	}
	return []rules.Finding{failed("spec.selector", rules.NotFound, "Referenced selector not found: %q",
		mesh.Labels(g.Spec.Selector).String())}
}

// sameServers are other Gateways that serve a host at a port too. istioctl compares selectors by their
// texts, and hosts as they are written.
func (i inspector) sameServers(g gateway) []rules.Finding {
	var list []rules.Finding
	selector := mesh.Labels(g.Spec.Selector).String()
	for n, s := range g.Spec.Servers {
		var names []string
		for _, other := range i.gateways {
			text := mesh.Labels(other.Spec.Selector).String()
			if other.Key != g.Key && ingressLabels().Has(other.Spec.Selector) && serves(other.Spec, s) &&
				(strings.Contains(text, selector) || strings.Contains(selector, text)) {
				names = append(names, other.Key.Path())
			}
		}
		if slices.Sort(names); len(names) > 0 {
			list = append(list, failed(rules.At("spec.servers", n), rules.SameServers,
				"Conflict with gateways %s (workload selector %s, port %d, hosts %s).",
				strings.Join(names, ","), selector, s.GetPort().GetNumber(), strings.Join(s.Hosts, ",")))
		}
	}
	return list
}

// serves reports whether a Gateway has a server for a port and a host of another.
func serves(g *networking.Gateway, other *networking.Server) bool {
	return slices.ContainsFunc(g.Servers, func(s *networking.Server) bool {
		return s.GetPort().GetNumber() == other.GetPort().GetNumber() &&
			slices.ContainsFunc(s.Hosts, func(h string) bool { return slices.Contains(other.Hosts, h) })
	})
}
