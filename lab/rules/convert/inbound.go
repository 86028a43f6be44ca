package convert

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"

	"istio-tutorial/lab/mesh"
)

const telemetry = "telemetry.istio.io/v1"

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// alike are servers of one namespace that treat calls the same.
type alike struct {
	servers []mesh.Workload
	in      mesh.Inbound
}

// servers groups those of a namespace by a part of what they do.
func (c *converter) servers(part func(mesh.Inbound) any) []alike {
	var list []alike
	for i, s := range c.mesh.Sidecars {
		w := c.topology.Workloads[i]
		j := slices.IndexFunc(list, func(a alike) bool {
			return a.servers[0].Namespace == w.Namespace &&
				reflect.DeepEqual(part(a.in), part(s.Inbound))
		})
		if j < 0 {
			j = len(list)
			list = append(list, alike{in: s.Inbound})
		}
		list[j].servers = append(list[j].servers, w)
	}
	return list
}

// limits are each pod's own, for all callers: the tightest that anyone had.
func (c *converter) limits() {
	tightest := func(in mesh.Inbound) any { return tightest(in.Limits) }
	for _, same := range c.servers(tightest) {
		l := tightest(same.in).(mesh.RateLimit)
		if l.Tokens == 0 {
			continue
		}
		for _, s := range c.choose(same.servers) {
			name := mesh.Name{
				Namespace: s.workloads[0].Namespace, Name: s.shared() + "-ratelimit",
			}
			c.add(kind{"networking.istio.io/v1alpha3", "EnvoyFilter"}, name, localLimit(s.labels, l),
				"Mixer counted for all pods together, and by caller; today each pod counts for "+
					"itself, whoever calls. Who is refused reads 429 local_rate_limited.")
		}
	}
}

// shortest is how often Envoy fills a bucket at most.
const shortest = 50 * time.Millisecond

// tightest is the limit of the fewest requests in a time, without its names; zero for none.
func tightest(limits []mesh.RateLimit) mesh.RateLimit {
	if len(limits) == 0 {
		return mesh.RateLimit{}
	}
	l := slices.MinFunc(limits, func(a, b mesh.RateLimit) int {
		return cmp.Compare(perSecond(a), perSecond(b))
	})
	l = mesh.RateLimit{Tokens: l.Tokens, Interval: l.Interval}
	for l.Interval > 0 && l.Interval < shortest {
		l.Tokens, l.Interval = 2*l.Tokens, 2*l.Interval
	}
	return l
}

func perSecond(l mesh.RateLimit) float64 { return float64(l.Tokens) / l.Interval.Seconds() }

func localLimit(server mesh.Labels, l mesh.RateLimit) map[string]any {
	all := map[string]any{"numerator": 100, "denominator": "HUNDRED"}
	whole := map[string]any{"default_value": all}
	filter := map[string]any{
		"name":      "envoy.filters.network.http_connection_manager",
		"subFilter": map[string]any{"name": "envoy.filters.http.router"},
	}
	const limitType = "type.googleapis.com/" +
		"envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
	limit := map[string]any{
		"@type": limitType, "stat_prefix": "http_local_rate_limiter",
		"token_bucket": map[string]any{
			"max_tokens": l.Tokens, "tokens_per_fill": l.Tokens, "fill_interval": short(l.Interval),
		},
		"filter_enabled": whole, "filter_enforced": whole,
	}
	return map[string]any{
		"priority":         10,
		"workloadSelector": map[string]any{"labels": server},
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
	counted := func(in mesh.Inbound) any { return tagsOf(in.Counters) }
	for _, same := range c.servers(counted) {
		if len(same.in.Counters) == 0 {
			continue
		}
		for _, s := range c.choose(same.servers) {
			name := mesh.Name{Namespace: s.workloads[0].Namespace, Name: s.shared() + "-requests"}
			c.add(kind{telemetry, "Telemetry"}, name, map[string]any{
				"selector": map[string]any{"matchLabels": s.labels},
				"metrics": []any{map[string]any{
					"providers": []any{map[string]any{"name": "prometheus"}},
					"overrides": []any{map[string]any{
						"match":        map[string]any{"metric": "REQUEST_COUNT", "mode": "SERVER"},
						"tagOverrides": tagsOf(same.in.Counters),
					}},
				}},
			}, "Today there is no metric of one's own: istio_requests_total, which tells source, "+
				"destination and version anyway, gets the tags.")
		}
	}
}

// tagsOf are nil for no counter.
func tagsOf(counters []mesh.Counter) map[string]any {
	if len(counters) == 0 {
		return nil
	}
	tags := map[string]any{}
	for _, counter := range counters {
		for _, l := range counter.Labels {
			if expression := expressionOf(l); expression != "" {
				tags[l.Name] = map[string]any{"operation": "UPSERT", "value": expression}
			}
		}
	}
	return tags
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
