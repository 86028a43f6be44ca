package v1

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

func (v *validator) destinationRule(r *networking.DestinationRule) {
	v.host("spec.host", r.Host)
	v.trafficPolicy("spec.trafficPolicy", r.TrafficPolicy)
	for i, s := range r.Subsets {
		path := at("spec.subsets", i)
		switch {
		case s.Name == "":
			v.fail(path+".name", "must not be empty")
		case !isLabel(s.Name):
			v.fail(path+".name", "%q is no name of a subset", s.Name)
		}
		v.labels(path+".labels", s.Labels)
		v.trafficPolicy(path+".trafficPolicy", s.TrafficPolicy)
	}
	v.exportTo(r.ExportTo)
	if r.WorkloadSelector == nil {
		return
	}
	v.labels("spec.workloadSelector.matchLabels", r.WorkloadSelector.MatchLabels)
	if len(r.ExportTo) > 0 && !slices.Equal(r.ExportTo, []string{"."}) {
		v.fail("spec.exportTo", "with a workloadSelector, only \".\" can be set")
	}
}

func (v *validator) trafficPolicy(path string, p *networking.TrafficPolicy) {
	if p == nil {
		return
	}
	if p.LoadBalancer == nil && p.ConnectionPool == nil && p.OutlierDetection == nil &&
		p.Tls == nil && len(p.PortLevelSettings) == 0 {
		v.fail(path, "want at least one field")
	}
	v.blocks(path, p.LoadBalancer, p.ConnectionPool, p.OutlierDetection)
	v.tls(path+".tls", p.Tls)
	for i, s := range p.PortLevelSettings {
		field := at(path+".portLevelSettings", i)
		v.port(field+".port.number", s.GetPort().GetNumber())
		v.blocks(field, s.LoadBalancer, s.ConnectionPool, s.OutlierDetection)
		v.tls(field+".tls", s.Tls)
	}
}

func (v *validator) blocks(path string, lb *networking.LoadBalancerSettings,
	pool *networking.ConnectionPoolSettings, outlier *networking.OutlierDetection,
) {
	if lb.GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH {
		v.fail(path+".loadBalancer.simple", "PASSTHROUGH: not supported by the lab")
	}
	v.hash(path+".loadBalancer.consistentHash", lb.GetConsistentHash())
	if pool != nil {
		v.pool(path+".connectionPool", pool)
	}
	if outlier != nil {
		v.outlier(path+".outlierDetection", outlier)
	}
}

func (v *validator) pool(path string, p *networking.ConnectionPoolSettings) {
	if p.Tcp == nil && p.Http == nil {
		v.fail(path, "want tcp, http or both")
	}
	v.notNegative(path+".tcp.maxConnections", p.GetTcp().GetMaxConnections())
	http := path + ".http."
	v.notNegative(http+"http1MaxPendingRequests", p.GetHttp().GetHttp1MaxPendingRequests())
	v.notNegative(http+"http2MaxRequests", p.GetHttp().GetHttp2MaxRequests())
	v.notNegative(http+"maxRequestsPerConnection", p.GetHttp().GetMaxRequestsPerConnection())
	v.notNegative(http+"maxRetries", p.GetHttp().GetMaxRetries())
	v.notNegative(http+"maxConcurrentStreams", p.GetHttp().GetMaxConcurrentStreams())
}

func (v *validator) notNegative(path string, n int32) {
	if n < 0 {
		v.fail(path, "%d is negative", n)
	}
}

func (v *validator) outlier(path string, o *networking.OutlierDetection) {
	v.whole(path+".maxEjectionPercent", o.MaxEjectionPercent)
	v.whole(path+".minHealthPercent", o.MinHealthPercent)
	if o.MaxEjectionPercent == 0 {
		v.warn(path, "", "%s.maxEjectionPercent is not set: of fewer than ten pods none is ejected", path)
	}
	if o.ConsecutiveErrors != 0 { //nolint:staticcheck // deprecated, and accepted
		v.warn(path+".consecutiveErrors", codeSchemaWarning,
			"Schema validation warning: outlier detection consecutive errors is deprecated, "+
				"use consecutiveGatewayErrors or consecutive5xxErrors instead")
	}
}

func (v *validator) whole(path string, percent int32) {
	if percent < 0 || percent > 100 {
		v.fail(path, "%d is not in 0-100", percent)
	}
}

func (v *validator) tls(path string, t *networking.ClientTLSSettings) {
	switch t.GetMode() {
	case networking.ClientTLSSettings_MUTUAL:
		v.fail(path+".mode", "MUTUAL: not supported by the lab")
	case networking.ClientTLSSettings_DISABLE:
		if t != nil {
			v.fail(path+".mode", "DISABLE: not supported by the lab")
		}
	}
}
