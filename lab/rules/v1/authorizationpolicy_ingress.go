package v1

import (
	"fmt"
	"slices"

	security "istio.io/api/security/v1beta1"
	typev1beta1 "istio.io/api/type/v1beta1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// At the ingress policies ask who comes from outside. Addresses tell something there alone: all pods of the lab
// share one.

const (
	sourceIP = "source.ip"
	remoteIP = "remote.ip"
)

const gatewayGroup = "gateway.networking.k8s.io"

// targets are what a policy names in place of a selector.
func targets(p *security.AuthorizationPolicy) []*typev1beta1.PolicyTargetReference {
	if p.TargetRef != nil {
		return append([]*typev1beta1.PolicyTargetReference{p.TargetRef}, p.TargetRefs...)
	}
	return p.TargetRefs
}

// atIngress reports whether a policy is for the ingress alone.
func atIngress(namespace string, p *security.AuthorizationPolicy) bool {
	labels := p.GetSelector().GetMatchLabels()
	return len(targets(p)) > 0 || namespace == rootNamespace && len(labels) > 0 && ingressLabels().Has(labels)
}

// accessAtIngress is the rules of all policies that are for the ingress.
func (r *resolver) accessAtIngress() []mesh.AccessRule {
	var list []mesh.AccessRule
	for _, p := range r.access {
		if r.isAtIngress(p) {
			list = append(list, atPorts(r.gatewaysOf(p), r.accessRules(p))...)
		}
	}
	return list
}

// Ports of Istio's ingress gateway, by which the lab's ingress asks for ports.
const (
	plainPort  = 8080
	securePort = 8443
	noPort     = -1
)

// SecureName is the name of a port of a Gateway's pods that takes encrypted connections.
const SecureName = "https"

// gatewaysOf are the gateways that a policy is for.
func (r *resolver) gatewaysOf(p authorizationPolicy) []mesh.Workload {
	return slices.DeleteFunc(slices.Clone(r.proxies), func(w mesh.Workload) bool {
		if named := targets(p.Spec); len(named) > 0 {
			return w.Namespace != p.Key.Namespace || !slices.ContainsFunc(named, func(t *typev1beta1.PolicyTargetReference) bool {
				return w.Labels[gatewayNameLabel] == t.Name
			})
		}
		return !selects(p.Rule, p.Spec.GetSelector().GetMatchLabels(), w)
	})
}

const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name"

// atPorts are rules whose ports are those of some gateways' pods. Those that Istio makes for a Gateway of the Gateway API
// listen at the ports of its listeners.
func atPorts(gateways []mesh.Workload, list []mesh.AccessRule) []mesh.AccessRule {
	for _, rule := range list {
		for _, terms := range slices.Concat(rule.Sources, rule.Operations) {
			for i, t := range terms {
				if len(t.Ports) > 0 {
					terms[i].Ports = portsAt(gateways, t.Ports)
				}
			}
		}
	}
	return list
}

func portsAt(gateways []mesh.Workload, asked []int) []int {
	var list []int
	for _, w := range gateways {
		if w.Labels[gatewayNameLabel] == "" { // Istio's own
			list = append(list, asked...)
			continue
		}
		for _, p := range w.Container.Ports {
			switch {
			case !slices.Contains(asked, p.Number):
			case p.Name == SecureName:
				list = append(list, securePort)
			default:
				list = append(list, plainPort)
			}
		}
	}
	if len(list) == 0 {
		return []int{noPort}
	}
	return list
}

func (r *resolver) isAtIngress(p authorizationPolicy) bool {
	if named := targets(p.Spec); len(named) > 0 {
		return slices.ContainsFunc(named, func(t *typev1beta1.PolicyTargetReference) bool { return r.hasTarget(p, t) })
	}
	return r.selectsIngress(p.Rule, p.Spec.GetSelector().GetMatchLabels())
}

// selectsIngress reports whether a rule is for the ingress, which plays Istio's own and those that Istio makes.
func (r *resolver) selectsIngress(rule *rules.Rule, labels map[string]string) bool {
	return slices.ContainsFunc(r.proxies, func(w mesh.Workload) bool { return selects(rule, labels, w) })
}

// proxiesOf are the gateways that the ingress plays.
func proxiesOf(s rules.Set, extensions []Extension) []mesh.Workload {
	list := []mesh.Workload{ingress().Workload}
	for _, e := range extensions {
		list = append(list, e.Proxies(s)...)
	}
	return list
}

// hasTarget reports whether the Gateway is there that a policy names, which is of its own namespace.
func (r *resolver) hasTarget(p authorizationPolicy, t *typev1beta1.PolicyTargetReference) bool {
	_, ok := r.set.Get(rules.Key{Group: gatewayGroup, Kind: "Gateway", Namespace: p.Key.Namespace, Name: t.Name})
	return ok
}

// ingressTargets takes Gateways: at another target the lab has no proxy.
func (v *validator) ingressTargets(p *security.AuthorizationPolicy) {
	for i, t := range targets(p) {
		path := rules.At("spec.targetRefs", i)
		if p.TargetRef != nil {
			path = "spec.targetRef"
		}
		if t.GetKind() != "Gateway" || t.GetGroup() != gatewayGroup {
			v.Fail(path+".kind", "%s of group %q: %w; want Gateway of %s", t.GetKind(), t.GetGroup(), rules.ErrUnsupported, gatewayGroup)
		}
	}
}

// addressesOfPods are refused.
func (v *validator) addressesOfPods(p *security.AuthorizationPolicy) {
	refuse := func(path string) {
		v.Fail(path, "but at the ingress, %w: all pods share one address", rules.ErrUnsupported)
	}
	for i, rule := range p.Rules {
		for j, from := range rule.From {
			s, path := from.GetSource(), fmt.Sprintf("spec.rules[%d].from[%d].source.", i, j)
			for _, l := range []list{
				{"ipBlocks", s.GetIpBlocks()}, {"notIpBlocks", s.GetNotIpBlocks()},
				{"remoteIpBlocks", s.GetRemoteIpBlocks()}, {"notRemoteIpBlocks", s.GetNotRemoteIpBlocks()},
			} {
				if len(l.texts) > 0 {
					refuse(path + l.field)
				}
			}
		}
		for j, when := range rule.When {
			if when.Key == sourceIP || when.Key == remoteIP {
				refuse(fmt.Sprintf("spec.rules[%d].when[%d].key", i, j))
			}
		}
	}
}

func (i inspector) accessNotes(r authorizationPolicy) []rules.Finding {
	labels := r.Spec.GetSelector().GetMatchLabels()
	notes := slices.Concat(i.principals(r.Spec), i.namespaces(r.Spec))
	if r.Spec.Action == security.AuthorizationPolicy_AUDIT {
		notes = append(notes, rules.Warn("spec.action", "",
			"AUDIT decides nothing, and no program here records the requests that it marks"))
	}
	named := targets(r.Spec)
	for n, t := range named {
		if !i.hasTarget(r, t) {
			notes = append(notes, rules.Warn(rules.At("spec.targetRefs", n), "", "never acts: there is no Gateway %s/%s", r.Key.Namespace, t.Name))
		}
	}
	somewhere := len(labels) == 0 && r.Key.Namespace == rootNamespace
	if len(named) == 0 && !somewhere && len(i.chosen(r.Rule, labels)) == 0 && !i.isAtIngress(r) {
		notes = append(notes, rules.Warn("spec.selector", rules.NoWorkloads,
			"No matching workloads for this resource with the following labels: %s", mesh.Labels(labels)))
	}
	return notes
}
