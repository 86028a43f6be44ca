package gatewayapi

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

func (v *validator) gateway(g *gateway.GatewaySpec) {
	if v.Required("spec.gatewayClassName", g.GatewayClassName) {
		v.short("spec.gatewayClassName", string(g.GatewayClassName))
	}
	if g.DefaultScope != "" {
		v.OneOf("spec.defaultScope", string(g.DefaultScope), string(gateway.GatewayDefaultScopeAll), string(gateway.GatewayDefaultScopeNone))
	}
	if class := g.GatewayClassName; strings.HasPrefix(string(class), istioClass+"-") {
		v.Fail("spec.gatewayClassName", "%q: not supported by the lab; want %s", class, istioClass)
	}
	v.Refuse("spec.infrastructure", g.Infrastructure)
	v.gatewayTLS("spec.tls", g.TLS)
	v.Refuse("spec.allowedListeners", g.AllowedListeners)
	v.Refuse("spec.addresses", g.Addresses)
	v.Required("spec.listeners", g.Listeners)
	v.atMost("spec.listeners", len(g.Listeners), mostListeners)
	names := map[string]bool{}
	for i, l := range g.Listeners {
		path := rules.At("spec.listeners", i)
		v.listener(path, l)
		v.Once(path+".name", string(l.Name), names)
		for _, other := range g.Listeners[:i] {
			if other.Port == l.Port && other.Protocol == l.Protocol && or(other.Hostname, "") == or(l.Hostname, "") {
				v.Fail(path, "port, protocol and hostname are those of listener %s", other.Name)
			}
		}
	}
}

const istioClass = "istio"

func (v *validator) listener(path string, l gateway.Listener) {
	v.subdomain(path+".name", string(l.Name))
	v.Port(path+".port", int(l.Port))
	if v.Required(path+".protocol", l.Protocol) && l.Protocol != gateway.HTTPProtocolType && !isSecure(l) {
		v.Fail(path+".protocol", "%s: %w", l.Protocol, rules.ErrUnsupported)
	}
	if l.Hostname != nil {
		v.hostname(path+".hostname", string(*l.Hostname))
	}
	v.listenerTLS(path+".tls", l)
	v.allowedRoutes(path+".allowedRoutes", l.AllowedRoutes)
}

func (v *validator) allowedRoutes(path string, a *gateway.AllowedRoutes) {
	if a == nil {
		return
	}
	for i, k := range a.Kinds {
		v.Required(rules.At(path+".kinds", i)+".kind", k.Kind)
	}
	if a.Namespaces != nil {
		from := or(a.Namespaces.From, gateway.NamespacesFromSame)
		v.OneOf(path+".namespaces.from", string(from), "All", "Selector", "Same")
		for i, e := range or(a.Namespaces.Selector, metav1.LabelSelector{}).MatchExpressions {
			at := rules.At(path+".namespaces.selector.matchExpressions", i)
			v.Required(at+".key", e.Key)
			v.Required(at+".operator", e.Operator)
		}
	}
}

func (i inspector) gatewayNotes(g gatewayRule) []rules.Finding {
	if class := g.Spec.GatewayClassName; class != istioClass {
		return []rules.Finding{rules.Warn("spec.gatewayClassName", "",
			"never acts: nobody serves gateways of class %s", class)}
	}
	return append(i.closed(g), unheardOptions(g)...)
}
