package v1

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// policyRule is the DestinationRules of one host joined, as Istio joins them.
type policyRule struct {
	from     string // the oldest one's name
	key      rules.Key
	exportTo []string
	selector map[string]string
	top      *networking.TrafficPolicy
	subsets  []*networking.Subset
}

// rule is the one for a client and host: from its own namespace, else the service's, else the
// root's; nil if there is none.
func (r *resolver) rule(c client, host string) *policyRule {
	entry, _ := r.entryOf(host)
	owner := entry.Key.Namespace
	if s, ok := r.topology.ServiceAt(host); ok {
		owner = s.Namespace
	}
	for _, namespace := range []string{c.Namespace, owner, rootNamespace} {
		if rule := r.ruleIn(namespace, c, host); rule != nil {
			return rule
		}
	}
	return nil
}

func (r *resolver) ruleIn(namespace string, c client, host string) *policyRule {
	hostOf := func(p destinationRule) string { return fullName(p.Spec.Host, p.Key.Namespace) }
	visible := slices.DeleteFunc(slices.Clone(r.policies), func(p destinationRule) bool {
		return p.Key.Namespace != namespace || !rules.Covers(hostOf(p), host) ||
			namespace != c.Namespace && !exported(p.Key, p.Spec.ExportTo, c.Namespace)
	})
	if len(visible) == 0 {
		return nil
	}
	closest := hostOf(slices.MinFunc(visible, func(a, b destinationRule) int {
		return byCloseness(hostOf(a), hostOf(b))
	}))
	var plain *policyRule
	for _, rule := range joined(slices.DeleteFunc(visible, func(p destinationRule) bool {
		return hostOf(p) != closest
	})) {
		if rule.selector == nil {
			plain = &rule
		} else if namespace == c.Namespace && c.Labels.Has(rule.selector) {
			return &rule
		}
	}
	return plain
}

// byCloseness puts the pattern first that says more: exact before wild, longer before shorter.
func byCloseness(a, b string) int {
	wild := func(s string) int { return strings.Count(s, "*") }
	return cmp.Or(wild(a)-wild(b), len(b)-len(a))
}

// joined merges rules of one host and namespace that have the same reach: subsets add up, the
// first of a name counts, and so does the first policy at the top.
func joined(same []destinationRule) []policyRule {
	var list []policyRule
	for _, p := range same {
		selector := p.Spec.GetWorkloadSelector().GetMatchLabels()
		i := slices.IndexFunc(list, func(have policyRule) bool {
			return slices.Equal(have.exportTo, p.Spec.ExportTo) &&
				mesh.Labels(have.selector).String() == mesh.Labels(selector).String()
		})
		if i < 0 {
			i = len(list)
			list = append(list, policyRule{
				from: p.Key.Path(), key: p.Key, exportTo: p.Spec.ExportTo, selector: selector,
			})
		}
		list[i].join(p.Spec)
	}
	return list
}

func (p *policyRule) join(spec *networking.DestinationRule) {
	p.top = cmp.Or(p.top, spec.TrafficPolicy)
	for _, s := range spec.Subsets {
		if p.subset(s.Name) == nil {
			p.subsets = append(p.subsets, s)
		}
	}
}

func (p *policyRule) subset(name string) *networking.Subset {
	if p == nil {
		return nil
	}
	i := slices.IndexFunc(p.subsets, func(s *networking.Subset) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return p.subsets[i]
}

// blocks are the parts of a policy that replace each other whole.
type blocks struct {
	lb      *networking.LoadBalancerSettings
	pool    *networking.ConnectionPoolSettings
	outlier *networking.OutlierDetection
	tls     *networking.ClientTLSSettings
	budget  *networking.TrafficPolicy_RetryBudget
	proxy   *networking.TrafficPolicy_ProxyProtocol
}

// with lays a policy over the blocks. Settings of the port lose everything else.
func (b blocks) with(p *networking.TrafficPolicy, port int) blocks {
	if p == nil {
		return b
	}
	for _, s := range p.PortLevelSettings {
		if int(s.GetPort().GetNumber()) == port {
			return blocks{s.LoadBalancer, s.ConnectionPool, s.OutlierDetection, s.Tls, b.budget, b.proxy}
		}
	}
	return blocks{
		cmp.Or(p.LoadBalancer, b.lb), cmp.Or(p.ConnectionPool, b.pool),
		cmp.Or(p.OutlierDetection, b.outlier), cmp.Or(p.Tls, b.tls),
		cmp.Or(p.RetryBudget, b.budget), cmp.Or(p.ProxyProtocol, b.proxy),
	}
}

const connectTimeout = 10 * time.Second

func (r *resolver) policy(c client, cluster mesh.Cluster) mesh.Policy {
	policy := mesh.Policy{
		Balance: mesh.LeastRequest, ConnectTimeout: connectTimeout,
		Limits: mesh.Limits{Unlimited: true},
	}
	policy.Mutual = mesh.Automatic
	rule := r.rule(c, cluster.Host)
	if rule == nil {
		return policy
	}
	policy.From = rule.from
	b := rule.blocks(cluster)
	policy.Balance, policy.Hash = balance(b.lb)
	policy.Limits = limits(b.pool)
	policy.Limits.Budget = retryBudget(b.budget)
	policy.Connections, policy.Warmup = connections(b.pool), warmup(b.lb)
	if t := b.pool.GetTcp().GetConnectTimeout(); t != nil {
		policy.ConnectTimeout = t.AsDuration()
	}
	if b.outlier != nil {
		policy.Outlier = outlier(b.outlier)
		policy.Panic = int(b.outlier.MinHealthPercent)
	}
	if isOriginated(b.tls) && !unreachableSecret(c, rule, b.tls) {
		policy.TLS = r.encryption(c, b.tls, cluster.Host)
		policy.Connections.NameAsAsked = policy.TLS.SNI == ""
		policy.Connections.CheckAsAsked = policy.TLS.SNI == "" && policy.TLS.Verify && len(policy.TLS.Names) == 0
	}
	policy.Mutual = b.mutual()
	policy.Passthrough = b.lb.GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH
	if b.proxy != nil {
		policy.ProxyProtocol = new(int(b.proxy.Version) + 1)
	}
	return policy
}

// mutual is whether calls go by mutual TLS. Of an address alone, Istio does not know that a sidecar
// is there.
func (b blocks) mutual() mesh.Mutual {
	switch {
	case b.tls == nil && b.lb.GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH:
		return mesh.Never
	case b.tls == nil:
		return mesh.Automatic
	case b.tls.Mode == networking.ClientTLSSettings_ISTIO_MUTUAL:
		return mesh.Always
	default:
		return mesh.Never
	}
}

// tunnel is host:port of what a proxy is asked for; "" for nothing. A subset has its own, or none.
func (p *policyRule) tunnel(subset string) string {
	if p == nil {
		return ""
	}
	policy := p.top
	if subset != "" {
		policy = p.subset(subset).GetTrafficPolicy()
	}
	t := policy.GetTunnel()
	if t == nil {
		return ""
	}
	return net.JoinHostPort(t.TargetHost, strconv.Itoa(int(t.TargetPort)))
}

func (r *resolver) blocks(c client, cluster mesh.Cluster) blocks {
	return r.rule(c, cluster.Host).blocks(cluster)
}

func (p *policyRule) blocks(cluster mesh.Cluster) blocks {
	if p == nil {
		return blocks{}
	}
	b := blocks{}.with(p.top, cluster.Port)
	if s := p.subset(cluster.Subset); s != nil {
		b = b.with(s.TrafficPolicy, cluster.Port)
	}
	return b
}

func balance(lb *networking.LoadBalancerSettings) (mesh.Balance, *mesh.Hash) {
	if h := lb.GetConsistentHash(); h != nil {
		return mesh.ByHash, hash(h)
	}
	switch lb.GetSimple() {
	case networking.LoadBalancerSettings_ROUND_ROBIN:
		return mesh.RoundRobin, nil
	case networking.LoadBalancerSettings_RANDOM:
		return mesh.Random, nil
	default:
		return mesh.LeastRequest, nil
	}
}

// leastRing is Istio's default where a rule names no algorithm.
const leastRing = 1024

func hash(h *networking.LoadBalancerSettings_ConsistentHashLB) *mesh.Hash {
	out := &mesh.Hash{Header: h.GetHttpHeaderName(), Query: h.GetHttpQueryParameterName()}
	switch key := h.HashKey.(type) {
	case *networking.LoadBalancerSettings_ConsistentHashLB_UseSourceIp:
		out.Connection, out.Address = true, key.UseSourceIp
	case *networking.LoadBalancerSettings_ConsistentHashLB_HttpCookie:
		out.Cookie = &mesh.HashCookie{
			Name: key.HttpCookie.Name, Path: key.HttpCookie.Path,
			Lifetime: converted(key.HttpCookie.Ttl, (*durationpb.Duration).AsDuration),
		}
	}
	switch algorithm := h.HashAlgorithm.(type) {
	case *networking.LoadBalancerSettings_ConsistentHashLB_RingHash_:
		out.Ring = int(algorithm.RingHash.MinimumRingSize)
	case *networking.LoadBalancerSettings_ConsistentHashLB_Maglev:
		out.Maglev, out.Table = true, int(algorithm.Maglev.TableSize)
	default:
		size := h.MinimumRingSize //nolint:staticcheck // deprecated, and in force
		out.Ring = cmp.Or(int(size), leastRing)
	}
	return out
}

func limits(p *networking.ConnectionPoolSettings) mesh.Limits {
	http := p.GetHttp()
	return mesh.Limits{
		Unlimited:             true,
		Connections:           positive(p.GetTcp().GetMaxConnections()),
		Pending:               positive(http.GetHttp1MaxPendingRequests()),
		Requests:              positive(http.GetHttp2MaxRequests()),
		Retries:               positive(http.GetMaxRetries()),
		RequestsPerConnection: positive(http.GetMaxRequestsPerConnection()),
	}
}

// positive is nil for 0, which Istio takes for absent.
func positive(n int32) *int {
	if n <= 0 {
		return nil
	}
	return new(int(n))
}

// outlier leaves out consecutiveErrors, as Istio does.
func outlier(o *networking.OutlierDetection) *mesh.Outlier {
	count := func(n *wrapperspb.UInt32Value) int { return int(n.GetValue()) }
	return &mesh.Outlier{
		MaxPercent:    positive(o.MaxEjectionPercent),
		Errors:        converted(o.Consecutive_5XxErrors, count),
		GatewayErrors: converted(o.ConsecutiveGatewayErrors, count),
		Interval:      converted(o.Interval, (*durationpb.Duration).AsDuration),
		BaseEjection:  converted(o.BaseEjectionTime, (*durationpb.Duration).AsDuration),
		Split:         o.SplitExternalLocalOriginErrors,
		LocalErrors:   localErrors(o),
	}
}

func localErrors(o *networking.OutlierDetection) *int {
	if n := o.ConsecutiveLocalOriginFailures.GetValue(); n > 0 {
		return new(int(n))
	}
	return nil
}

// converted is nil for nothing.
func converted[A, B any](value *A, convert func(*A) B) *B {
	if value == nil {
		return nil
	}
	return new(convert(value))
}
