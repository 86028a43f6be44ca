package gatewayapi

import (
	"strings"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

func (v *validator) gateway(g *gateway.GatewaySpec) {
	if class := g.GatewayClassName; strings.HasPrefix(string(class), istioClass+"-") {
		v.Fail("spec.gatewayClassName", "%q: not supported by the lab; want %s", class, istioClass)
	}
	v.refuse("spec.infrastructure", g.Infrastructure)
	v.refuse("spec.tls", g.TLS)
	v.refuse("spec.allowedListeners", g.AllowedListeners)
	if len(g.Addresses) > 0 {
		v.refuse("spec.addresses", g.Addresses)
	}
	if len(g.Listeners) == 0 {
		v.Fail("spec.listeners", "missing")
	}
	for i, l := range g.Listeners {
		v.listener(rules.At("spec.listeners", i), l, g.Listeners[:i])
	}
}

const istioClass = "istio"

func (v *validator) listener(path string, l gateway.Listener, before []gateway.Listener) {
	v.subdomain(path+".name", string(l.Name))
	v.port(path+".port", l.Port)
	switch l.Protocol {
	case gateway.HTTPProtocolType:
	case "":
		v.Fail(path+".protocol", "missing")
	default:
		v.Fail(path+".protocol", "%s: not supported by the lab", l.Protocol)
	}
	if l.Hostname != nil {
		v.hostname(path+".hostname", string(*l.Hostname))
	}
	v.refuse(path+".tls", l.TLS)
	for _, other := range before {
		if other.Name == l.Name {
			v.Fail(path+".name", "%s given twice", l.Name)
		}
		if other.Port == l.Port && or(other.Hostname, "") == or(l.Hostname, "") {
			v.Fail(path, "port and hostname are those of listener %s", other.Name)
		}
	}
	v.allowedRoutes(path+".allowedRoutes", l.AllowedRoutes)
}

func (v *validator) allowedRoutes(path string, a *gateway.AllowedRoutes) {
	if a == nil {
		return
	}
	if len(a.Kinds) > 0 {
		v.refuse(path+".kinds", a.Kinds)
	}
	if a.Namespaces == nil {
		return
	}
	from := or(a.Namespaces.From, gateway.NamespacesFromSame)
	v.oneOf(path+".namespaces.from", string(from), "All", "Selector", "Same")
	if from == gateway.NamespacesFromSelector {
		v.Fail(path+".namespaces.from", "Selector: not supported by the lab")
	}
	v.refuse(path+".namespaces.selector", a.Namespaces.Selector)
}

func (i inspector) gatewayNotes(g gatewayRule) []rules.Finding {
	if class := g.Spec.GatewayClassName; class != istioClass {
		return []rules.Finding{rules.Warn("spec.gatewayClassName", "",
			"never acts: nobody serves gateways of class %s", class)}
	}
	return nil
}
