package gatewayapi

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// Status is what Istio writes below a rule's status: a GatewayStatus or a RouteStatus; nil for other kinds. All
// conditions have changed when the rule was created: nobody remembers what they were before.
func Status(s rules.Set, t mesh.Topology, r *rules.Rule) any {
	i := inspector{s, t}
	switch spec := r.Spec.(type) {
	case *gateway.GatewaySpec:
		return i.gatewayStatus(gatewayRule{Rule: r, Spec: spec})
	case *gateway.HTTPRouteSpec:
		return i.routeStatus(httpRoute{Rule: r, Spec: spec})
	case *gateway.GRPCRouteSpec:
		return i.routeStatus(httpRoute{Rule: r, Spec: shared(spec)})
	case *gateway.TLSRouteSpec:
		return i.routeStatus(connections(tlsRoute{Rule: r, Spec: spec}))
	default:
		return nil
	}
}

// verdict is a condition in the making. Where it says nothing else, all is well.
type verdict struct {
	kind, reason, message string
	status                metav1.ConditionStatus
}

func (v verdict) but(status metav1.ConditionStatus, reason, message string) verdict {
	v.status, v.reason, v.message = status, reason, message
	return v
}

// told are verdicts as of the time of a rule.
func told(r *rules.Rule, list []verdict) []metav1.Condition {
	var all []metav1.Condition
	for _, v := range list {
		all = append(all, metav1.Condition{
			Type: v.kind, Status: v.status, Reason: v.reason, Message: v.message, LastTransitionTime: metav1.NewTime(r.Created),
		})
	}
	return all
}

// pending is the status that the API server writes of a Gateway, until somebody serves it.
func pending() gateway.GatewayStatus {
	const unknown = metav1.ConditionUnknown
	never := &rules.Rule{}
	never.Created = metav1.Unix(0, 0).UTC()
	return gateway.GatewayStatus{Conditions: told(never, []verdict{
		{"Accepted", "Pending", "Waiting for controller", unknown}, {"Programmed", "Pending", "Waiting for controller", unknown},
	})}
}

func (i inspector) gatewayStatus(g gatewayRule) gateway.GatewayStatus {
	if g.Spec.GatewayClassName != istioClass {
		return pending()
	}
	accepted, programmed := verdict{"Accepted", "Accepted", "Resource accepted", metav1.ConditionTrue},
		verdict{"Programmed", "Programmed", "Resource programmed", metav1.ConditionTrue}
	switch invalid := len(i.invalid(g)); invalid {
	case 0:
	case len(g.Spec.Listeners):
		accepted = accepted.but(metav1.ConditionFalse, notValid, noneValid)
	default:
		accepted = accepted.but(metav1.ConditionTrue, notValid, "One or more of the Gateway's listeners are invalid")
	}
	var status gateway.GatewayStatus
	if at := serviceAt(g); len(at) > 0 {
		programmed.message += ", assigned to service(s) " + enumerated(at)
		kind := gateway.HostnameAddressType
		status.Addresses = []gateway.GatewayStatusAddress{{Type: &kind, Value: "localhost"}}
	}
	list := []verdict{accepted, programmed}
	if insecure(g.Spec.TLS) {
		list = append(list, verdict{"InsecureFrontendValidationMode", "ConfigurationChanged",
			"Gateway is operating in AllowInsecureFallback mode for frontend validation", metav1.ConditionTrue})
	}
	status.Conditions = told(g.Rule, append(list, resolved()))
	for n, l := range g.Spec.Listeners {
		status.Listeners = append(status.Listeners, i.listenerStatus(edge{g, l, n}))
	}
	return status
}

const (
	notValid  = "ListenersNotValid"
	noneValid = "None of the Gateway's listeners are valid"
)

// resolved is the verdict on the references of a whole object.
func resolved() verdict {
	return verdict{"ResolvedRefs", "ResolvedRefs", "All references resolved", metav1.ConditionTrue}
}

// invalid are the listeners of a Gateway that its status has something against.
func (i inspector) invalid(g gatewayRule) []edge {
	var list []edge
	for n, l := range g.Spec.Listeners {
		e := edge{g, l, n}
		if problem := i.problem(e); problem.reason != "" || e.conflicts() {
			list = append(list, e)
		}
	}
	return list
}

// problem is what keeps a listener that decrypts closed.
func (i inspector) problem(e edge) problem {
	if e.listener.TLS == nil || e.listener.Protocol != gateway.HTTPSProtocolType {
		return problem{}
	}
	_, found := e.decrypting(i.set, i.topology)
	return found
}

// insecure reports whether a Gateway takes clients whose certificates nobody looks at.
func insecure(t *gateway.GatewayTLSConfig) bool {
	if t == nil || t.Frontend == nil {
		return false
	}
	falls := func(f *gateway.FrontendTLSValidation) bool {
		return f != nil && f.Mode == gateway.AllowInsecureFallback
	}
	return falls(t.Frontend.Default.Validation) || slices.ContainsFunc(t.Frontend.PerPort, func(p gateway.TLSPortConfig) bool {
		return falls(p.TLS.Validation)
	})
}

// serviceAt is where the Service is that Istio makes for a Gateway: HOST:PORT of each port that a listener has.
func serviceAt(g gatewayRule) []string {
	var list []string
	for _, e := range parentsOf(g) {
		at := fmt.Sprintf("%s:%d", mesh.Service{Name: proxyOf(g)}.Host(), e.listener.Port)
		if !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	slices.Sort(list)
	return list
}

// enumerated is a list in words.
func enumerated(list []string) string {
	last := len(list) - 1
	switch last {
	case 0:
		return list[0]
	case 1:
		return list[0] + " and " + list[1]
	default:
		return strings.Join(list[:last], ", ") + ", and " + list[last]
	}
}
