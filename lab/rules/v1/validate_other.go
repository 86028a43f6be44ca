package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
)

func (v *validator) serviceEntry(s *networking.ServiceEntry) {
	if len(s.Hosts) == 0 {
		v.fail("spec.hosts", "missing")
	}
	for i, host := range s.Hosts {
		path := at("spec.hosts", i)
		switch {
		case strings.HasPrefix(host, "*"):
			v.fail(path, "wildcard host %s: not supported by the lab", host)
		case v.host(path, host) && !strings.Contains(host, "."):
			v.fail(path, "host %s without a dot: not supported by the lab", host)
		}
	}
	for i, p := range s.Ports {
		v.servicePort(at("spec.ports", i), p, s.Ports[:i])
	}
	if s.Location != networking.ServiceEntry_MESH_EXTERNAL {
		v.fail("spec.location", "%s: not supported by the lab", s.Location)
	}
	v.resolution(s)
	v.exportTo(s.ExportTo)
}

func (v *validator) resolution(s *networking.ServiceEntry) {
	switch s.Resolution {
	case networking.ServiceEntry_DNS, networking.ServiceEntry_DNS_ROUND_ROBIN:
	case networking.ServiceEntry_NONE: // clients find the host themselves, at the same address
		for i, p := range s.Ports {
			if p.TargetPort != 0 {
				v.fail(at("spec.ports", i)+".targetPort", "with resolution NONE: not supported by the lab")
			}
		}
	default:
		v.fail("spec.resolution", "%s: not supported by the lab", s.Resolution)
	}
}

func (v *validator) servicePort(
	path string, p *networking.ServicePort, before []*networking.ServicePort,
) {
	v.port(path+".number", p.Number)
	if p.TargetPort != 0 {
		v.port(path+".targetPort", p.TargetPort)
	}
	if p.Name == "" {
		v.fail(path+".name", "must not be empty")
	}
	if p.Protocol == "" {
		v.fail(path+".protocol", "a port without: not supported by the lab")
	} else {
		v.protocol(path+".protocol", p.Protocol, append(httpProtocols(), "HTTPS", "TLS", "TCP"))
	}
	for _, other := range before {
		if other.Name == p.Name {
			v.fail(path+".name", "%s given twice", p.Name)
		}
		if other.Number == p.Number {
			v.fail(path+".number", "%d given twice", p.Number)
		}
	}
}

func (v *validator) sidecar(s *networking.Sidecar) {
	if s.WorkloadSelector != nil && len(s.WorkloadSelector.Labels) == 0 ||
		len(s.Egress) == 0 && s.OutboundTrafficPolicy == nil {
		v.fail("spec", "an empty Sidecar does nothing")
	}
	v.labels("spec.workloadSelector.labels", s.GetWorkloadSelector().GetLabels())
	for i, e := range s.Egress {
		if i > 0 {
			v.fail(at("spec.egress", i), "more than one listener without a port")
		}
		for j, host := range e.Hosts {
			v.egressHost(at(at("spec.egress", i)+".hosts", j), host)
		}
	}
}

func (v *validator) egressHost(path, host string) {
	namespace, name, ok := strings.Cut(host, "/")
	if !ok || namespace == "" || name == "" {
		v.fail(path, "want NAMESPACE/HOST, not %q", host)
		return
	}
	if !slices.Contains([]string{"*", ".", "~"}, namespace) && !isLabel(namespace) {
		v.fail(path, "%q is no namespace, nor *, . or ~", namespace)
	}
	v.host(path, name)
}

func (v *validator) peerAuthentication(p *security.PeerAuthentication) {
	v.selector(p.Selector)
	if p.GetMtls().GetMode() == security.PeerAuthentication_MutualTLS_DISABLE {
		v.fail("spec.mtls.mode", "DISABLE: not supported by the lab")
	}
}

func (v *validator) authorizationPolicy(p *security.AuthorizationPolicy) {
	v.selector(p.Selector)
	switch p.Action {
	case security.AuthorizationPolicy_ALLOW, security.AuthorizationPolicy_DENY:
	default:
		v.fail("spec.action", "%s: not supported by the lab", p.Action)
	}
	for i, rule := range p.Rules {
		for j, from := range rule.From {
			v.source(at(at("spec.rules", i)+".from", j)+".source", from.Source)
		}
	}
}

func (v *validator) source(path string, s *security.Source) {
	lists := map[string][]string{
		"principals": s.GetPrincipals(), "notPrincipals": s.GetNotPrincipals(),
		"namespaces": s.GetNamespaces(), "notNamespaces": s.GetNotNamespaces(),
		"serviceAccounts": s.GetServiceAccounts(), "notServiceAccounts": s.GetNotServiceAccounts(),
	}
	empty := true
	for _, name := range sortedKeys(lists) {
		empty = empty && len(lists[name]) == 0
		for i, text := range lists[name] {
			v.sourceText(at(path+"."+name, i), name, text)
		}
	}
	accounts := len(s.GetServiceAccounts()) + len(s.GetNotServiceAccounts())
	others := len(s.GetPrincipals()) + len(s.GetNotPrincipals()) + len(s.GetNamespaces()) +
		len(s.GetNotNamespaces())
	switch {
	case s != nil && empty:
		v.fail(path, "must not be empty")
	case accounts > 0 && others > 0:
		v.fail(path, "serviceAccounts exclude principals and namespaces")
	}
}

func (v *validator) sourceText(path, list, text string) {
	if text == "" {
		v.fail(path, "must not be empty")
	}
	if strings.HasSuffix(strings.ToLower(list), "serviceaccounts") &&
		(strings.Count(text, "/") > 1 || strings.Contains(text, "*")) {
		v.fail(path, "want ACCOUNT or NAMESPACE/ACCOUNT, not %q", text)
	}
}
