package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

func (v *validator) pool(path string, p *networking.ConnectionPoolSettings) {
	if p.Tcp == nil && p.Http == nil {
		v.Fail(path, "want tcp, http or both")
	}
	v.NotNegative(path+".tcp.maxConnections", p.GetTcp().GetMaxConnections())
	http := path + ".http."
	v.NotNegative(http+"http1MaxPendingRequests", p.GetHttp().GetHttp1MaxPendingRequests())
	v.NotNegative(http+"http2MaxRequests", p.GetHttp().GetHttp2MaxRequests())
	v.NotNegative(http+"maxRequestsPerConnection", p.GetHttp().GetMaxRequestsPerConnection())
	v.NotNegative(http+"maxRetries", p.GetHttp().GetMaxRetries())
	v.NotNegative(http+"maxConcurrentStreams", p.GetHttp().GetMaxConcurrentStreams())
	upgrade := p.GetHttp().GetH2UpgradePolicy() == networking.ConnectionPoolSettings_HTTPSettings_UPGRADE
	if upgrade && p.GetHttp().GetUseClientProtocol() {
		v.Fail(http+"useClientProtocol", "h2UpgradePolicy UPGRADE and useClientProtocol exclude each other")
	}
	if !upgrade && !p.GetHttp().GetUseClientProtocol() && p.GetHttp().GetMaxConcurrentStreams() > 0 {
		v.Warn(http+"maxConcurrentStreams", "", "%smaxConcurrentStreams acts with HTTP/2 only, which "+
			"ports named http do not speak without h2UpgradePolicy: UPGRADE", http)
	}
	v.keepalive(path+".tcp.tcpKeepalive", p.GetTcp().GetTcpKeepalive())
}

func (v *validator) keepalive(path string, k *networking.ConnectionPoolSettings_TCPSettings_TcpKeepalive) {
	if k == nil {
		return
	}
	v.Warn(path, "", "%s acts on connections to hosts outside only: those between pods are no TCP "+
		"in the lab", path)
}

// balancing holds what a load balancer has besides its way to pick.
func (v *validator) balancing(
	path string, lb *networking.LoadBalancerSettings, outlier *networking.OutlierDetection,
) {
	v.locality(path+".localityLbSetting", lb.GetLocalityLbSetting(), outlier)
	w := lb.GetWarmup()
	if w != nil {
		v.Required(path+".warmup.duration", w.Duration)
		v.Within(path+".warmup.minimumPercent", int(w.MinimumPercent.GetValue()), 0, 100)
		if w.Aggression != nil && w.Aggression.Value <= 0 {
			v.Fail(path+".warmup.aggression", "%v is not above 0", w.Aggression.Value)
		}
	}
	old := lb.GetWarmupDurationSecs()
	if (w != nil || old != nil) && !weighs(lb) {
		v.Warn(path+".warmup", "", "%s.warmup never acts: only ROUND_ROBIN and LEAST_REQUEST know it", path)
	}
}

// weighs reports whether a balancer gives hosts different shares.
func weighs(lb *networking.LoadBalancerSettings) bool {
	return lb.GetConsistentHash() == nil && lb.GetSimple() != networking.LoadBalancerSettings_RANDOM
}

// locality is without effect: all pods of the lab are in one zone.
func (v *validator) locality(
	path string, l *networking.LocalityLoadBalancerSetting, outlier *networking.OutlierDetection,
) {
	if l == nil {
		return
	}
	v.Warn(path, "", "%s has no effect in the lab: all of its pods are in one zone", path)
	if len(l.Distribute) > 0 && len(l.Failover) > 0 {
		v.Fail(path, "distribute and failover exclude each other")
	}
	var from []string
	for i, d := range l.Distribute {
		from = append(from, d.From)
		if d.From == "" || strings.HasPrefix(d.From, "/") {
			v.Fail(rules.At(path+".distribute", i)+".from", "want a place such as region/zone, not %s", rules.Quote(d.From))
		}
		v.shares(rules.At(path+".distribute", i)+".to", d.To)
	}
	v.apart(path+".distribute", from)
	if len(l.Failover)+len(l.FailoverPriority) > 0 && outlier == nil {
		v.schemaWarning(path, "outlier detection policy must be provided for failover")
	}
	for i, f := range l.Failover {
		at := rules.At(path+".failover", i)
		if f.From == f.To {
			v.Fail(at, "from and to are the same region")
		}
		if strings.ContainsAny(f.From+f.To, "/*") {
			v.Fail(at, "want regions, without / and *")
		}
	}
}

func (v *validator) shares(path string, to map[string]uint32) {
	total := 0
	v.apart(path, sortedKeys(to))
	for _, place := range sortedKeys(to) {
		v.Within(path+"."+place, int(to[place]), 1, 100)
		total += int(to[place])
	}
	if total != 100 {
		v.Fail(path, "the shares total %d, not 100", total)
	}
}

// apart takes places, region/zone/subzone, of which none is within another.
func (v *validator) apart(path string, places []string) {
	var before [][]string
	for _, place := range places {
		parts := strings.SplitN(place, "/", 3)
		switch {
		case slices.Contains(parts, ""):
			v.Fail(path, "%q has an empty region, zone or subzone", place)
			return
		case strings.Contains(strings.TrimSuffix(place, "*"), "*"):
			v.Fail(path, "%q: want one *, at the end", place)
			return
		case slices.ContainsFunc(before, func(b []string) bool { return overlap(b, parts) }):
			v.Fail(path, "%q is within another place, or has one within it", place)
		}
		before = append(before, parts)
	}
}

// overlap reports whether one place is the beginning of the other, where * is all there are.
func overlap(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		if a[i] == "*" || b[i] == "*" {
			return true
		}
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
