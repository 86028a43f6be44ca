package convert

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"
	selector "istio.io/api/type/v1beta1"

	"istio-tutorial/lab/mesh"
)

// destinationRules are one for all clients, with the subsets, and one for those clients that have
// policies of their own: a rule that selects a client replaces the others for it.
func (c *converter) destinationRules(h host) {
	subsets, said := c.subsetsOf(h), map[string]mesh.Labels{}
	for _, s := range subsets {
		c.once(subsetName(s.labels), s, s.labels, said)
	}
	last := len(h.policies) - 1
	c.destinationRule(h, h.service.Name, nil, h.policies[last].has, subsets)
	for _, own := range h.policies[:last] {
		for _, s := range c.choose(own.workloads, ruledBy(own.has)) {
			name := s.named(h.service.Name.Name + "-from-" + s.shared())
			c.destinationRule(h, name, s.labels, own.has, subsets)
		}
	}
}

func ruledBy(clusters []mesh.Upstream) []string {
	var keys []string
	for _, u := range clusters {
		keys = append(keys, u.Policy.From)
	}
	return keys
}

// subset is the pods of a service with some labels.
type subset struct {
	labels mesh.Labels
	from   []string // the keys of the rules that name them
}

// subsetsOf are all labels of a service that routes and policies name, each once.
func (c *converter) subsetsOf(h host) []subset {
	var list []subset
	add := func(to mesh.Cluster, from string) {
		if to.Host != h.service.Host() || len(to.Labels) == 0 {
			return
		}
		i := slices.IndexFunc(list, func(s subset) bool {
			return s.labels.String() == to.Labels.String()
		})
		if i < 0 {
			i = len(list)
			list = append(list, subset{labels: to.Labels})
		}
		list[i].from = append(list[i].from, from)
	}
	for _, other := range c.hosts { // routes of another service may lead here too
		for _, clients := range other.routes {
			for _, r := range clients.has {
				for _, d := range chances(r) {
					add(d.Cluster, r.From)
				}
				for _, m := range r.Mirrors {
					add(m.Cluster, r.From)
				}
			}
		}
	}
	for _, clients := range h.policies {
		for _, u := range clients.has {
			add(u.Cluster, u.Policy.From)
		}
	}
	slices.SortFunc(list, func(a, b subset) int {
		return strings.Compare(a.labels.String(), b.labels.String())
	})
	return list
}

// once reports whether a name is new among those that were said, and refuses it where others than
// the subset's pods have it.
func (c *converter) once(name string, s subset, pods mesh.Labels, said map[string]mesh.Labels) bool {
	others, ok := said[name]
	for _, key := range s.from {
		if ok && !maps.Equal(others, pods) {
			c.refuse(key, "the name for its pods with %s would be %s, which others have", s.labels, name)
		}
	}
	said[name] = pods
	return !ok
}

// plain is a text in the letters of names.
func plain(text string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, text), "-")
}

// subsetName is version-v2 for version: v2.
func subsetName(labels mesh.Labels) string { return plain(labels.String()) }

// destinationRule is for all clients, or for those with some labels.
func (c *converter) destinationRule(
	h host, name mesh.Name, client mesh.Labels, clusters []mesh.Upstream, subsets []subset,
) {
	spec := &networking.DestinationRule{Host: h.service.Name.Name}
	if name.Namespace != h.service.Namespace {
		spec.Host = h.service.Host()
	}
	notes := noteList{}
	if len(client) > 0 {
		spec.WorkloadSelector = &selector.WorkloadSelector{MatchLabels: client}
		notes.add("While a rule selects a client, it replaces that client's other rules for the " +
			"host: every subset that a route names must be in it too.")
	}
	top, ruled := policyOf(clusters, nil)
	if ruled {
		spec.TrafficPolicy = trafficPolicy(top, notes)
	}
	from := ruledBy(clusters)
	for _, s := range subsets {
		from = append(from, s.from...)
		subset := &networking.Subset{Name: subsetName(s.labels), Labels: s.labels}
		if p, ok := policyOf(clusters, s.labels); ok {
			subset.TrafficPolicy = trafficPolicy(p, notes)
		}
		if ruled {
			subset.TrafficPolicy = c.apart(top, spec.TrafficPolicy, subset.TrafficPolicy, notes)
		}
		spec.Subsets = append(spec.Subsets, subset)
	}
	if len(from) > 0 {
		c.add(kind{networkingV1, "DestinationRule"}, name, spec, from, notes.sorted()...)
	}
}

// policyOf is what rules say of the instances with some labels.
func policyOf(clusters []mesh.Upstream, labels mesh.Labels) (mesh.Policy, bool) {
	for _, u := range clusters {
		if u.Cluster.Labels.String() == labels.String() {
			return u.Policy, true
		}
	}
	return mesh.Policy{}, false
}

// apart keeps the policy of all instances from a subset, which would inherit it today.
func (c *converter) apart(
	top mesh.Policy, all, own *networking.TrafficPolicy, notes noteList,
) *networking.TrafficPolicy {
	own = cmp.Or(own, &networking.TrafficPolicy{})
	inherits := false
	if all.LoadBalancer != nil && own.LoadBalancer == nil {
		own.LoadBalancer, inherits = balancer(networking.LoadBalancerSettings_ROUND_ROBIN), true
	}
	if all.ConnectionPool != nil && own.ConnectionPool == nil {
		own.ConnectionPool = &networking.ConnectionPoolSettings{
			Tcp: &networking.ConnectionPoolSettings_TCPSettings{},
		}
		inherits = true
	}
	if all.OutlierDetection != nil && own.OutlierDetection == nil {
		c.refuse(top.From, "it ejects pods of a subset too, which cannot be kept apart")
	}
	if inherits {
		notes.add("Today a subset has the policy of the whole where it has none of its own; in " +
			"2018 it had not.")
	}
	return own
}

func trafficPolicy(p mesh.Policy, notes noteList) *networking.TrafficPolicy {
	policy := &networking.TrafficPolicy{ConnectionPool: pool(p.Limits)}
	switch p.Balance {
	case mesh.Random:
		policy.LoadBalancer = balancer(networking.LoadBalancerSettings_RANDOM)
	case mesh.LeastRequest:
		policy.LoadBalancer = balancer(networking.LoadBalancerSettings_LEAST_REQUEST)
	default:
		notes.add(turnNote)
	}
	if o := p.Outlier; o != nil {
		policy.OutlierDetection = &networking.OutlierDetection{
			Interval:           duration(of(o.Interval)),
			BaseEjectionTime:   duration(of(o.BaseEjection)),
			MaxEjectionPercent: number(o.MaxPercent),
		}
		if o.Errors != nil {
			policy.OutlierDetection.Consecutive_5XxErrors = wrapperspb.UInt32(uint32(*o.Errors))
		}
		notes.add("Today no pod is ejected because it is far worse than the others, the last ones " +
			"may go too, and with all of them gone the answer is 503 no healthy upstream.")
	}
	if proto.Size(policy) == 0 {
		policy.LoadBalancer = balancer(networking.LoadBalancerSettings_ROUND_ROBIN)
	}
	return policy
}

func balancer(by networking.LoadBalancerSettings_SimpleLB) *networking.LoadBalancerSettings {
	return &networking.LoadBalancerSettings{
		LbPolicy: &networking.LoadBalancerSettings_Simple{Simple: by},
	}
}

func pool(l mesh.Limits) *networking.ConnectionPoolSettings {
	return filled(&networking.ConnectionPoolSettings{
		Tcp: filled(&networking.ConnectionPoolSettings_TCPSettings{
			MaxConnections: number(l.Connections),
		}),
		Http: filled(&networking.ConnectionPoolSettings_HTTPSettings{
			Http1MaxPendingRequests:  number(l.Pending),
			Http2MaxRequests:         number(l.Requests),
			MaxRetries:               number(l.Retries),
			MaxRequestsPerConnection: number(l.RequestsPerConnection),
		}),
	})
}

// filled is nil for a message that says nothing.
func filled[M proto.Message](m M) (none M) {
	if proto.Size(m) == 0 {
		return none
	}
	return m
}

// of is the zero value for none, which is left out.
func of[T any](p *T) (none T) {
	if p == nil {
		return none
	}
	return *p
}

func number(n *int) int32 { return int32(of(n)) }

// duration is nil for 0.
func duration(d time.Duration) *durationpb.Duration { return filled(durationpb.New(d)) }
