package v1

import (
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

func (v *validator) destinationRule(r *networking.DestinationRule) {
	v.host("spec.host", r.Host)
	v.trafficPolicy("spec.trafficPolicy", r.TrafficPolicy)
	seen := map[string]bool{}
	for i, s := range r.Subsets {
		path := rules.At("spec.subsets", i)
		v.Once(path+".name", s.Name, seen)
		v.NotEmpty(path+".name", s.Name)
		v.subset(path+".name", s.Name)
		v.labels(path+".labels", s.Labels)
		v.trafficPolicy(path+".trafficPolicy", s.TrafficPolicy)
	}
	v.exportTo(r.ExportTo)
	if r.WorkloadSelector == nil {
		return
	}
	v.matchLabels("spec.workloadSelector.matchLabels", r.WorkloadSelector.MatchLabels)
	if len(r.ExportTo) > 0 && !slices.Equal(r.ExportTo, []string{"."}) {
		v.Fail("spec.exportTo", "with a workloadSelector, only \".\" can be set")
	}
}

func (v *validator) trafficPolicy(path string, p *networking.TrafficPolicy) {
	if p == nil {
		return
	}
	if proto.Equal(p, &networking.TrafficPolicy{}) {
		v.Fail(path, "want at least one field")
	}
	v.blocks(path, p.LoadBalancer, p.ConnectionPool, p.OutlierDetection)
	if p.RetryBudget.GetPercent().GetValue() < 0 || p.RetryBudget.GetPercent().GetValue() > 100 {
		v.Fail(path+".retryBudget.percent", "%v is not in 0-100", p.RetryBudget.Percent.Value)
	}
	v.tls(path+".tls", p.Tls)
	v.tunnel(path+".tunnel", p.Tunnel)
	if p.Tunnel != nil && p.ProxyProtocol != nil {
		v.Fail(path+".tunnel", "tunnel and proxyProtocol exclude each other")
	}
	v.portLevel(path+".portLevelSettings", p.PortLevelSettings)
}

func (v *validator) portLevel(path string, list []*networking.TrafficPolicy_PortTrafficPolicy) {
	seen := map[uint32]bool{}
	for i, s := range list {
		field, number := rules.At(path, i), s.GetPort().GetNumber()
		if seen[number] {
			v.Warn(field, "", "%s never acts: an earlier entry is for port %d", field, number)
		}
		seen[number] = true
		v.Port(field+".port.number", int(s.GetPort().GetNumber()))
		if s.LoadBalancer == nil && s.ConnectionPool == nil && s.OutlierDetection == nil && s.Tls == nil {
			v.Fail(field, "want at least one field besides port")
		}
		v.blocks(field, s.LoadBalancer, s.ConnectionPool, s.OutlierDetection)
		v.tls(field+".tls", s.Tls)
	}
}

func (v *validator) blocks(path string, lb *networking.LoadBalancerSettings,
	pool *networking.ConnectionPoolSettings, outlier *networking.OutlierDetection,
) {
	v.hash(path+".loadBalancer.consistentHash", lb.GetConsistentHash())
	v.balancing(path+".loadBalancer", lb, outlier)
	if pool != nil {
		v.pool(path+".connectionPool", pool)
	}
	if outlier != nil {
		v.outlier(path+".outlierDetection", outlier)
	}
}

func (v *validator) outlier(path string, o *networking.OutlierDetection) {
	v.Within(path+".maxEjectionPercent", int(o.MaxEjectionPercent), 0, 100)
	v.Within(path+".minHealthPercent", int(o.MinHealthPercent), 0, 100)
	if o.ConsecutiveLocalOriginFailures.GetValue() > 0 && !o.SplitExternalLocalOriginErrors {
		v.Fail(path+".consecutiveLocalOriginFailures", "want splitExternalLocalOriginErrors: true beside it")
	}
	if o.MaxEjectionPercent == 0 {
		v.Warn(path, "", "%s.maxEjectionPercent is not set: of fewer than ten pods none is ejected", path)
	}
	if o.ConsecutiveErrors != 0 { //nolint:staticcheck // deprecated, and accepted
		v.Warn(path+".consecutiveErrors", rules.SchemaWarning,
			"Schema validation warning: outlier detection consecutive errors is deprecated, "+
				"use consecutiveGatewayErrors or consecutive5xxErrors instead")
	}
}

// systemAuthorities are those of the machine, which Istio believes anyway.
const systemAuthorities = "system"

func (v *validator) tls(path string, t *networking.ClientTLSSettings) {
	v.ServerName(path+".sni", t.GetSni())
	if ca := t.GetCaCertificates(); ca != "" && !isSystem(ca) {
		v.Fail(path+".caCertificates", "%s: %w; want %s", rules.Quote(ca), rules.ErrUnsupported, systemAuthorities)
	}
	if t.GetMode() == networking.ClientTLSSettings_ISTIO_MUTUAL && len(t.GetSubjectAltNames()) > 0 {
		v.Fail(path+".subjectAltNames", "with ISTIO_MUTUAL: %w", rules.ErrUnsupported)
	}
	v.certificates(path, t)
}

// certificates hold what a rule says of certificates. The lab takes those of Secrets, and the system's authorities.
func (v *validator) certificates(path string, t *networking.ClientTLSSettings) {
	mutual, simple := t.GetMode() == networking.ClientTLSSettings_MUTUAL, t.GetMode() == networking.ClientTLSSettings_SIMPLE
	named := t.GetCredentialName() != ""
	if kind, _, other := strings.Cut(t.GetCredentialName(), "://"); other || strings.Contains(kind, "/") {
		v.Fail(path+".credentialName", "%s: %w; want the name of a Secret", rules.Quote(t.CredentialName), rules.ErrUnsupported)
	}
	v.unverified(path, t, simple, mutual)
	files := t.GetClientCertificate()+t.GetPrivateKey()+t.GetCaCertificates()+t.GetCaCrl() != ""
	switch {
	case (simple || mutual) && named && files:
		v.Fail(path+".credentialName", "excludes clientCertificate, privateKey, caCertificates and caCrl")
	case mutual && !named:
		v.NotEmpty(path+".clientCertificate", t.GetClientCertificate())
		v.NotEmpty(path+".privateKey", t.GetPrivateKey())
	}
}

// unverified holds what a rule says besides when nobody looks at the server's certificate.
func (v *validator) unverified(path string, t *networking.ClientTLSSettings, simple, mutual bool) {
	verifies := t.GetCaCertificates() != "" || t.GetSubjectAltNames() != nil
	if t.GetInsecureSkipVerify().GetValue() && (simple && t.GetCredentialName() != "" || (simple || mutual) && verifies) {
		v.Fail(path+".insecureSkipVerify", "excludes caCertificates, subjectAltNames and, in mode SIMPLE, credentialName")
	}
}

// tunnel holds what a proxy is asked for. The lab passes a client's own CONNECT on.
func (v *validator) tunnel(path string, t *networking.TrafficPolicy_TunnelSettings) {
	if t == nil {
		return
	}
	v.OneOf(path+".protocol", t.Protocol, "", "CONNECT", "POST")
	if t.Protocol == "POST" {
		v.Fail(path+".protocol", "POST: %w", rules.ErrUnsupported)
	}
	if _, err := netip.ParseAddr(t.TargetHost); err != nil {
		if v.host(path+".targetHost", t.TargetHost) && strings.Contains(t.TargetHost, "*") {
			v.Fail(path+".targetHost", "%s: want a host, not a pattern", t.TargetHost)
		}
	}
	v.Port(path+".targetPort", int(t.TargetPort))
}

const largestTable = 5_000_011

func (v *validator) hash(path string, h *networking.LoadBalancerSettings_ConsistentHashLB) {
	if ttl := h.GetHttpCookie().GetTtl(); ttl.AsDuration() < 0 {
		v.Fail(path+".httpCookie.ttl", "%s is negative, which Envoy refuses", ttl.AsDuration())
	}
	if h.GetHttpCookie() != nil {
		v.NotEmpty(path+".httpCookie.name", h.GetHttpCookie().Name)
	}
	if h.GetMinimumRingSize() != 0 && h.HashAlgorithm != nil { //nolint:staticcheck // in force
		v.Fail(path+".minimumRingSize", "minimumRingSize, ringHash and maglev exclude each other")
	}
	if h.GetMinimumRingSize() != 0 { //nolint:staticcheck // deprecated, and in force
		v.Warn(path+".minimumRingSize", rules.SchemaWarning, "Schema validation warning: consistent "+
			"hash MinimumRingSize is deprecated, use ConsistentHashLB's RingHash configuration instead")
	}
	v.Ring(path+".minimumRingSize", h.GetMinimumRingSize()) //nolint:staticcheck // deprecated, and in force
	v.Ring(path+".ringHash.minimumRingSize", h.GetRingHash().GetMinimumRingSize())
	for i, a := range h.GetHttpCookie().GetAttributes() {
		v.NotEmpty(rules.At(path+".httpCookie.attributes", i)+".name", a.Name)
	}
	if h.GetHttpHeaderName() != "" {
		v.AnyHeaderName(path+".httpHeaderName", h.GetHttpHeaderName())
	}
	m := h.GetMaglev()
	switch {
	case m == nil:
	case m.TableSize >= largestTable:
		v.Fail(path+".maglev.tableSize", "%d is not less than %d", m.TableSize, largestTable)
	case m.TableSize == 1: // a cluster takes it, and its proxies end
		v.Fail(path+".maglev.tableSize", "1: Envoy ends at a table of one place")
	case !isPrime(m.TableSize):
		v.Fail(path+".maglev.tableSize", "%d is not a prime number", m.TableSize)
	}
}

func isPrime(n uint64) bool {
	for i := uint64(2); i*i <= n; i++ {
		if n%i == 0 {
			return false
		}
	}
	return n > 1
}

func (i inspector) destinationRuleNotes(r destinationRule) []rules.Finding {
	host := fullName(r.Spec.Host, r.Key.Namespace)
	if host != strings.ToLower(host) || !i.isHost(host) {
		return []rules.Finding{rules.Warn("spec.host", rules.UnknownHost, "The host %s defined in "+
			"the DestinationRule does not match any services in the mesh.", r.Spec.Host)}
	}
	labels := r.Spec.GetWorkloadSelector().GetMatchLabels()
	if !slices.ContainsFunc(i.topology.Workloads, func(w mesh.Workload) bool {
		return w.Labels.Has(labels)
	}) {
		return []rules.Finding{rules.Warn("spec.workloadSelector", "",
			"never acts: no pod has %s", mesh.Labels(labels))}
	}
	list := append(certificateNotes(r), i.secretNotes(r)...)
	service, ok := i.topology.ServiceAt(host)
	for n, s := range r.Spec.Subsets {
		if ok && len(service.Ports) > 0 && len(i.topology.Endpoints(mesh.Cluster{
			Host: host, Port: service.Ports[0].Number, Labels: s.Labels,
		})) == 0 {
			list = append(list, failed(rules.At("spec.subsets", n), rules.NoPods,
				"The Subset %s defined in the DestinationRule does not select any pods. "+
					"Which may lead to 503 UH (NoHealthyUpstream).", s.Name))
		}
	}
	return list
}
