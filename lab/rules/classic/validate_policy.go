package classic

import (
	"fmt"
	"strings"
)

func (v *validator) destinationPolicy(p *destinationPolicy) {
	if v.required("spec.destination", p.Destination) {
		v.reference("spec.destination", p.Destination)
	}
	if p.Source != nil {
		v.reference("spec.source", p.Source)
	}
	if p.LoadBalancing != nil && p.LoadBalancing.Name == nil {
		v.fail("spec.loadBalancing", "name is required")
	}
	if p.CircuitBreaker != nil && p.CircuitBreaker.Simple != nil {
		v.breaker("spec.circuitBreaker.simpleCb", p.CircuitBreaker.Simple)
	}
}

func (v *validator) breaker(path string, b *breaker) {
	v.notNegative(path+".maxConnections", b.MaxConnections)
	v.notNegative(path+".httpMaxPendingRequests", b.MaxPendingRequests)
	v.notNegative(path+".httpMaxRequests", b.MaxRequests)
	v.notNegative(path+".httpConsecutiveErrors", b.ConsecutiveErrors)
	v.notNegative(path+".httpMaxRequestsPerConnection", b.MaxRequestsPerConnection)
	v.percent(path+".httpMaxEjectionPercent", float64(b.MaxEjectionPercent))
	v.duration(path+".sleepWindow", b.SleepWindow)
	v.duration(path+".httpDetectionInterval", b.DetectionInterval)
}

func (v *validator) egressRule(r *egressRule) {
	if v.required("spec.destination", r.Destination) {
		v.external("spec.destination", r.Destination)
	}
	if len(r.Ports) == 0 {
		v.fail("spec.ports", "at least one port is required")
	}
	seen := map[int32]bool{}
	for i, p := range r.Ports {
		path := fmt.Sprintf("spec.ports[%d]", i)
		if seen[p.Port] {
			v.fail(path+".port", "port %d given twice", p.Port)
		}
		seen[p.Port] = true
		v.egressPort(path, p)
	}
}

func (v *validator) external(path string, r *reference) {
	for _, field := range []struct{ name, value string }{
		{"name", r.Name}, {"namespace", r.Namespace}, {"domain", r.Domain},
	} {
		if field.value != "" {
			v.fail(path+"."+field.name, "an egress rule's destination has only service")
		}
	}
	if len(r.Labels) > 0 {
		v.fail(path+".labels", "an egress rule's destination has only service")
	}
	switch {
	case r.Service == "":
		v.fail(path+".service", "missing")
	case strings.Count(r.Service, "/") == 1:
		v.fail(path+".service", "address range %s: %w", r.Service, errUnsupported)
	case strings.HasPrefix(r.Service, "*"):
		v.fail(path+".service", "wildcard host %s: %w", r.Service, errUnsupported)
	default:
		v.domain(path+".service", r.Service)
	}
}

func (v *validator) egressPort(path string, p egressPort) {
	if p.Port < 1 || p.Port > 65535 {
		v.fail(path+".port", "%d is not in range 1..65535", p.Port)
	}
	switch strings.ToLower(p.Protocol) {
	case "http", "http2", "grpc", "https":
	case "tcp", "mongo":
		v.fail(path+".protocol", "%s: %w", p.Protocol, errUnsupported)
	default:
		v.fail(path+".protocol", "want http, http2, grpc or https, not %q", p.Protocol)
	}
}
