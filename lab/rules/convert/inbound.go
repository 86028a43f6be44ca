package convert

import (
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// egress opens hosts, and closes all others, as they were in 2018.
func (c *converter) egress() {
	for _, e := range c.mesh.External {
		name := c.nameOfEgress(e.Host)
		protocol := "HTTP"
		if e.Protocol == mesh.HTTP2 {
			protocol = "HTTP2"
		}
		c.add(kind{networking, "ServiceEntry"}, name, map[string]any{
			"hosts": []string{e.Host}, "location": "MESH_EXTERNAL", "resolution": "DNS",
			"ports": []any{map[string]any{
				"number": e.Port, "name": fmt.Sprintf("http-%d", e.Port), "protocol": protocol,
			}},
		})
		if e.TLS != nil {
			c.add(kind{networking, "DestinationRule"}, name, map[string]any{
				"host": e.Host,
				"trafficPolicy": map[string]any{"portLevelSettings": []any{map[string]any{
					"port": map[string]any{"number": e.Port}, "tls": map[string]any{"mode": "SIMPLE"},
				}}},
			}, "Istio 0.7.1 checked no certificate; today's sidecar does.")
		}
	}
	closed := map[string]bool{}
	for _, e := range c.mesh.External {
		if namespace := c.nameOfEgress(e.Host).Namespace; !closed[namespace] {
			closed[namespace] = true
			c.add(kind{networking, "Sidecar"}, mesh.Name{Namespace: namespace, Name: "default"},
				map[string]any{"outboundTrafficPolicy": map[string]any{"mode": "REGISTRY_ONLY"}},
				"Without this, today's Istio lets every call out. What is closed answers 502, not 404.")
		}
	}
}

func (c *converter) nameOfEgress(host string) mesh.Name {
	for _, r := range c.set.Rules() {
		text, err := r.YAML()
		if r.Key.Type == "egress-rule" && err == nil && strings.Contains(string(text), host) {
			return mesh.Name{Namespace: r.Key.Namespace, Name: r.Key.Name}
		}
	}
	return mesh.Name{Namespace: "default", Name: strings.ReplaceAll(host, ".", "-")}
}

const (
	notFound  = 404 // what Mixer's lists answer
	security  = "security.istio.io/v1"
	telemetry = "telemetry.istio.io/v1"
)

// access tells callers by their identity: a list of who may pass is ALLOW, all others are DENY.
func (c *converter) access() {
	for i, s := range c.mesh.Sidecars {
		server := c.topology.Workloads[i]
		for j, d := range s.Inbound.Denials {
			if j > 0 && d.Answer.Status == s.Inbound.Denials[0].Answer.Status {
				continue // the same list, another caller's name in the answer
			}
			c.policyOf(server, d, s.Inbound.Denials)
		}
	}
}

func (c *converter) policyOf(server mesh.Workload, d mesh.Denial, all []mesh.Denial) {
	refused := map[mesh.Name]bool{}
	for _, other := range all {
		if other.Answer.Status == d.Answer.Status {
			for _, w := range other.Callers.Workloads {
				refused[w] = true
			}
		}
	}
	allow := d.Answer.Status == notFound
	var principals []string
	for _, w := range c.topology.Workloads {
		p := fmt.Sprintf("%s/ns/%s/sa/%s", mesh.Domain, w.Namespace, w.ServiceAccount)
		if refused[w.Name] != allow && !slices.Contains(principals, p) {
			principals = append(principals, p)
		}
	}
	for _, w := range c.topology.Workloads {
		p := fmt.Sprintf("%s/ns/%s/sa/%s", mesh.Domain, w.Namespace, w.ServiceAccount)
		if refused[w.Name] == allow && slices.Contains(principals, p) {
			c.refuse(d.From[0], "%s and others have one identity, %s", w.Name, p)
			return
		}
	}
	selector := map[string]any{"matchLabels": server.Labels}
	name := mesh.Name{Namespace: server.Namespace, Name: "calls-to-" + server.Name.Name}
	c.add(kind{security, "PeerAuthentication"}, name, map[string]any{
		"selector": selector, "mtls": map[string]any{"mode": "STRICT"},
	}, "A caller in plain text has no identity.")
	action := map[bool]string{true: "ALLOW", false: "DENY"}[allow]
	c.add(kind{security, "AuthorizationPolicy"}, name, map[string]any{
		"selector": selector, "action": action,
		"rules": []any{map[string]any{"from": []any{map[string]any{
			"source": map[string]any{"principals": principals},
		}}}},
	}, "Callers are told by their ServiceAccount, no longer by a label; who is refused reads "+
		"403 RBAC: access denied.")
}

// limits are each pod's own, for all callers: the tightest that anyone had.
func (c *converter) limits() {
	for i, s := range c.mesh.Sidecars {
		server := c.topology.Workloads[i]
		if len(s.Inbound.Limits) == 0 {
			continue
		}
		l := slices.MinFunc(s.Inbound.Limits, func(a, b mesh.RateLimit) int { return a.Tokens - b.Tokens })
		name := mesh.Name{Namespace: server.Namespace, Name: server.Name.Name + "-ratelimit"}
		c.add(kind{"networking.istio.io/v1alpha3", "EnvoyFilter"}, name, localLimit(server, l),
			"Mixer counted for all pods together, and by caller; today each pod counts for itself, "+
				"whoever calls. Who is refused reads 429 local_rate_limited.")
	}
}

func localLimit(server mesh.Workload, l mesh.RateLimit) map[string]any {
	whole := map[string]any{"default_value": map[string]any{"numerator": 100, "denominator": "HUNDRED"}}
	filter := map[string]any{
		"name":      "envoy.filters.network.http_connection_manager",
		"subFilter": map[string]any{"name": "envoy.filters.http.router"},
	}
	const limitType = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
	limit := map[string]any{
		"@type": limitType, "stat_prefix": "http_local_rate_limiter",
		"token_bucket": map[string]any{
			"max_tokens": l.Tokens, "tokens_per_fill": l.Tokens, "fill_interval": l.Interval.String(),
		},
		"filter_enabled": whole, "filter_enforced": whole,
	}
	return map[string]any{
		"priority":         10,
		"workloadSelector": map[string]any{"labels": server.Labels},
		"configPatches": []any{map[string]any{
			"applyTo": "HTTP_FILTER",
			"match": map[string]any{
				"context":  "SIDECAR_INBOUND",
				"listener": map[string]any{"filterChain": map[string]any{"filter": filter}},
			},
			"patch": map[string]any{
				"operation": "INSERT_BEFORE",
				"value": map[string]any{
					"name": "envoy.filters.http.local_ratelimit", "typed_config": limit,
				},
			},
		}},
	}
}

// counters become tags of Istio's own counter of requests.
func (c *converter) counters() {
	for i, s := range c.mesh.Sidecars {
		tags := map[string]any{}
		for _, counter := range s.Inbound.Counters {
			for _, l := range counter.Labels {
				if expression := expressionOf(l); expression != "" {
					tags[l.Name] = map[string]any{"operation": "UPSERT", "value": expression}
				}
			}
		}
		if len(s.Inbound.Counters) == 0 {
			continue
		}
		server := c.topology.Workloads[i]
		name := mesh.Name{Namespace: server.Namespace, Name: server.Name.Name + "-requests"}
		c.add(kind{telemetry, "Telemetry"}, name, map[string]any{
			"selector": map[string]any{"matchLabels": server.Labels},
			"metrics": []any{map[string]any{
				"providers": []any{map[string]any{"name": "prometheus"}},
				"overrides": []any{map[string]any{
					"match":        map[string]any{"metric": "REQUEST_COUNT", "mode": "SERVER"},
					"tagOverrides": tags,
				}},
			}},
		}, "Today there is no metric of one's own: istio_requests_total, which tells source, "+
			"destination and version anyway, gets the tags.")
	}
}

// expressionOf is the first term of a request; who calls whom is told anyway.
func expressionOf(l mesh.CounterLabel) string {
	if len(l.Terms) == 0 {
		return ""
	}
	switch t := l.Terms[0]; t.Kind {
	case mesh.RequestHeader:
		return "request.headers['" + t.Value + "']"
	case mesh.RequestPath:
		return "request.url_path"
	case mesh.RequestMethod:
		return "request.method"
	case mesh.ResponseCode:
		return "response.code"
	default:
		return ""
	}
}
