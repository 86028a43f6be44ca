package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/util/validation"
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

func httpProtocols() []string { return []string{"HTTP", "HTTP2", "GRPC", "GRPC-WEB"} }

// protocol takes those of Istio's that the lab carries.
func (v *validator) protocol(path, name string, carried []string) {
	known := append(httpProtocols(), "HTTPS", "TLS", "TCP", "MONGO", "REDIS", "MYSQL")
	switch upper := strings.ToUpper(name); {
	case !slices.Contains(known, upper):
		v.fail(path, "%q is no protocol; want one of %s", name, strings.Join(known, ", "))
	case !slices.Contains(carried, upper):
		v.fail(path, "%s: not supported by the lab", name)
	}
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

// gateways takes NAME and NAMESPACE/NAME.
func (v *validator) gateways(path string, list []string) {
	for i, name := range list {
		namespace, rest, limited := strings.Cut(name, "/")
		if !limited {
			rest = namespace
		} else if !isLabel(namespace) {
			v.fail(at(path, i), "%q is no namespace", namespace)
		}
		for _, text := range validation.IsDNS1123Subdomain(rest) {
			v.fail(at(path, i), "%q is no name of a gateway: %s", rest, text)
		}
	}
}
