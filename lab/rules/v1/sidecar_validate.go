package v1

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

func (v *validator) sidecar(s *networking.Sidecar) {
	if len(s.Egress) == 0 && len(s.Ingress) == 0 && s.OutboundTrafficPolicy == nil && s.InboundConnectionPool == nil {
		v.Fail("spec", "an empty Sidecar does nothing")
	}
	if s.WorkloadSelector != nil && len(s.WorkloadSelector.Labels) == 0 {
		v.schemaWarning("spec.workloadSelector", "sidecar: workload selector specified without labels, "+
			"will be applied to all services in namespace")
	}
	v.matchLabels("spec.workloadSelector.labels", s.GetWorkloadSelector().GetLabels())
	numbers := map[string]bool{}
	for i, e := range s.Egress {
		v.egress(rules.At("spec.egress", i), e, i == len(s.Egress)-1)
		if e.Port != nil {
			v.Once(rules.At("spec.egress", i)+".port.number", strconv.Itoa(int(e.Port.Number)), numbers)
		}
	}
	numbers = map[string]bool{}
	for i, in := range s.Ingress {
		v.ingress(rules.At("spec.ingress", i), in)
		v.Once(rules.At("spec.ingress", i)+".port.number", strconv.Itoa(int(in.GetPort().GetNumber())), numbers)
	}
	v.inboundPool("spec.inboundConnectionPool", s.InboundConnectionPool)
	v.outboundPolicy("spec.outboundTrafficPolicy", s.OutboundTrafficPolicy)
}

func (v *validator) egress(path string, e *networking.IstioEgressListener, last bool) {
	if e.Port == nil && !last {
		v.Fail(path, "the listener without a port must be the only one, and the last")
	}
	v.Required(path+".hosts", e.Hosts)
	for j, host := range e.Hosts {
		v.egressHost(rules.At(path+".hosts", j), host)
	}
	if e.Port != nil {
		v.sidecarPort(path+".port", e.Port)
	}
	v.captured(path, e.Bind, e.CaptureMode)
}

func (v *validator) sidecarPort(path string, p *networking.SidecarPort) {
	v.Port(path+".number", int(p.Number))
	if p.Name != "" {
		v.portName(path+".name", p.Name)
	}
	v.anyProtocol(path+".protocol", p.Protocol)
	if strings.EqualFold(p.Protocol, "HTTP_PROXY") {
		v.Fail(path+".protocol", "%s: %w", p.Protocol, rules.ErrUnsupported)
	}
	if p.TargetPort > 0 { //nolint:staticcheck // deprecated, and refused
		v.Fail(path+".targetPort", "has no effect on a Sidecar")
	}
}

// captured refuses a port of the pod's own at which its sidecar listens: all pods of the lab share
// one machine.
func (v *validator) captured(path, bind string, mode networking.CaptureMode) {
	switch a, err := netip.ParseAddr(bind); {
	case bind == "" || err == nil && a.IsUnspecified():
	case err != nil && !strings.HasPrefix(bind, unixPrefix):
		v.Fail(path+".bind", "%s is not an IP address", rules.Quote(bind))
	default:
		v.Fail(path+".bind", "%s: %w", bind, rules.ErrUnsupported)
	}
	if mode == networking.CaptureMode_NONE {
		v.Fail(path+".captureMode", "NONE: %w", rules.ErrUnsupported)
	}
}

func (v *validator) ingress(path string, in *networking.IstioIngressListener) {
	v.captured(path, in.Bind, in.CaptureMode)
	v.defaultEndpoint(path+".defaultEndpoint", in.DefaultEndpoint)
	if in.Port == nil {
		v.Fail(path+".port", "missing")
		return
	}
	v.sidecarPort(path+".port", in.Port)
	v.inboundPool(path+".connectionPool", in.ConnectionPool)
	if in.ConnectionPool.GetHttp() != nil && protocolOf(in.Port.Protocol) == mesh.TCP {
		v.Warn(path+".connectionPool.http", rules.SchemaWarning, "Schema validation warning: sidecar: HTTP "+
			"connection pool settings are configured for port %d (%q) but its protocol is not HTTP (%s); "+
			"only TCP settings will apply", in.Port.Number, in.Port.Name, in.Port.Protocol)
	}
}

func (v *validator) defaultEndpoint(path, text string) {
	if text == "" {
		return
	}
	if strings.HasPrefix(text, unixPrefix) {
		v.Fail(path, "%s: %w", text, rules.ErrUnsupported)
		return
	}
	const want = "want 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or :PORT, not %s"
	host, number, err := net.SplitHostPort(text)
	port, notNumber := strconv.Atoi(number)
	if err != nil || notNumber != nil || !slices.Contains([]string{"", "127.0.0.1", "0.0.0.0", "::1", "::"}, host) {
		v.Fail(path, want, rules.Quote(text))
		return
	}
	v.Port(path, port)
}

func (v *validator) inboundPool(path string, p *networking.ConnectionPoolSettings) {
	if p != nil {
		v.pool(path, p)
	}
}

func (v *validator) outboundPolicy(path string, p *networking.OutboundTrafficPolicy) {
	d := p.GetEgressProxy()
	if d == nil {
		return
	}
	path += ".egressProxy"
	if p.Mode != networking.OutboundTrafficPolicy_ALLOW_ANY {
		v.Fail(path, "needs mode ALLOW_ANY")
	}
	if v.host(path+".host", d.Host) && strings.Contains(d.Host, "*") {
		v.Fail(path+".host", "%q names more than one host", d.Host)
	}
	if d.Port == nil {
		v.Fail(path+".port", "missing")
	} else {
		v.Port(path+".port.number", int(d.Port.Number))
	}
	if d.Subset != "" {
		v.subset(path+".subset", d.Subset)
	}
}

func (v *validator) egressHost(path, host string) {
	namespace, name, ok := strings.Cut(host, "/")
	if !ok || namespace == "" || name == "" {
		v.Fail(path, "want NAMESPACE/HOST, not %q", host)
		return
	}
	if !slices.Contains([]string{"*", ".", "~"}, namespace) && !isLabel(namespace) {
		v.Fail(path, "%q is not a namespace, nor *, . or ~", namespace)
	}
	if v.host(path, name) && name != "*" && !strings.Contains(name, ".") {
		v.Fail(path, "%q is a short name: want the whole, such as %s.NAMESPACE.svc.cluster.local", name, name)
	}
}

func (i inspector) sidecarNotes(r sidecar) []rules.Finding {
	if len(r.Spec.GetWorkloadSelector().GetLabels()) == 0 && i.isAmbient(r.Key.Namespace) {
		return []rules.Finding{rules.Warn("metadata.name", rules.Ineffective, "The policy has no impact: "+
			"namespace is in ambient mode, the policy has no impact.")}
	}
	list := slices.Concat(i.egressProxyNotes(r), i.ingressNotes(r), i.hiddenNotes(r))
	return append(list, sole(i, r, i.sidecars, choice[networking.Sidecar]{
		labels: func(s *networking.Sidecar) map[string]string {
			return s.GetWorkloadSelector().GetLabels()
		},
		path: "spec.workloadSelector", plural: "Sidecars", alone: "IST0111", shared: "IST0110",
	})...)
}

// egressProxyNotes are about a proxy that is not there.
func (i inspector) egressProxyNotes(r sidecar) []rules.Finding {
	c := client{Workload: mesh.Workload{Name: mesh.Name{Namespace: r.Key.Namespace}}, sidecar: r.Spec}
	to := c.egressProxy()
	if to == nil || i.known(c, *to) {
		return nil
	}
	return []rules.Finding{rules.Warn("spec.outboundTrafficPolicy.egressProxy", "",
		"calls of hosts that nobody names get 503: there is no %s", to.Key())}
}

// ingressNotes are about programs that listen elsewhere.
func (i inspector) ingressNotes(r sidecar) []rules.Finding {
	var list []rules.Finding
	for n, in := range r.Spec.Ingress {
		to := endpointPort(in)
		pods := i.chosen(r.Rule, r.Spec.GetWorkloadSelector().GetLabels())
		if len(pods) > 0 && !slices.ContainsFunc(pods, func(w mesh.Workload) bool {
			return slices.ContainsFunc(w.Container.Ports, func(p mesh.ContainerPort) bool { return p.Number == to })
		}) && to != int(in.GetPort().GetNumber()) {
			list = append(list, rules.Warn(rules.At("spec.ingress", n), "",
				"never answers: no program of the pods that it is for declares port %d", to))
		}
	}
	return list
}

// hiddenNotes are about Services that the clients of a Sidecar do not see: without addresses of Services, the lab
// has no way to them, where a cluster leads the calls on.
func (i inspector) hiddenNotes(r sidecar) []rules.Finding {
	c := client{Workload: mesh.Workload{Name: mesh.Name{Namespace: r.Key.Namespace}}, sidecar: r.Spec}
	if _, allowed := i.unknown(c); !allowed || c.egressProxy() != nil {
		return nil
	}
	for _, s := range i.topology.Services {
		if host := fullName(s.Name.Name, s.Namespace); !c.imports(s.Namespace, host, anyPort) {
			return []rules.Finding{rules.Warn("spec.egress", "", "calls of Services that it hides, such as %s, get 503 in the "+
				"lab; a cluster leads them to the Service's address, past all rules, unless outboundTrafficPolicy says REGISTRY_ONLY", host)}
		}
	}
	return nil
}
