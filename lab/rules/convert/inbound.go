package convert

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	networking "istio.io/api/networking/v1alpha3"
	telemetry "istio.io/api/telemetry/v1alpha1"
	selector "istio.io/api/type/v1beta1"

	"istio-tutorial/lab/mesh"
)

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
	limited := func(in mesh.Inbound) any {
		l := tightest(in.Limits)
		return []any{l.Tokens, l.Interval}
	}
	for _, same := range c.servers(limited) {
		l := tightest(same.in.Limits)
		if l.Tokens == 0 {
			continue
		}
		from := []string{l.From}
		for _, s := range c.choose(same.servers, from) {
			name := mesh.Name{
				Namespace: s.workloads[0].Namespace, Name: s.shared() + "-ratelimit",
			}
			c.add(kind{"networking.istio.io/v1alpha3", "EnvoyFilter"}, name, localLimit(s.labels, l), from,
				"Mixer counted for all pods together, and by caller; today each pod counts for "+
					"itself, whoever calls. Who is refused reads 429 local_rate_limited.")
		}
	}
}

// shortest is how often Envoy fills a bucket at most.
const shortest = 50 * time.Millisecond

// tightest is the limit of the fewest requests in a time; zero for none.
func tightest(limits []mesh.RateLimit) mesh.RateLimit {
	if len(limits) == 0 {
		return mesh.RateLimit{}
	}
	l := slices.MinFunc(limits, func(a, b mesh.RateLimit) int {
		return cmp.Compare(perSecond(a), perSecond(b))
	})
	l = mesh.RateLimit{From: l.From, Tokens: l.Tokens, Interval: l.Interval}
	for l.Interval > 0 && l.Interval < shortest {
		l.Tokens, l.Interval = 2*l.Tokens, 2*l.Interval
	}
	return l
}

func perSecond(l mesh.RateLimit) float64 { return float64(l.Tokens) / l.Interval.Seconds() }

func localLimit(server mesh.Labels, l mesh.RateLimit) *networking.EnvoyFilter {
	return &networking.EnvoyFilter{
		WorkloadSelector: &networking.WorkloadSelector{Labels: server},
		ConfigPatches: []*networking.EnvoyFilter_EnvoyConfigObjectPatch{{
			ApplyTo: networking.EnvoyFilter_HTTP_FILTER,
			Match:   beforeRouter(),
			Patch: &networking.EnvoyFilter_Patch{
				Operation: networking.EnvoyFilter_Patch_INSERT_BEFORE,
				Value:     localLimitFilter(l),
			},
		}},
		Priority: 10,
	}
}

func beforeRouter() *networking.EnvoyFilter_EnvoyConfigObjectMatch {
	filter := &networking.EnvoyFilter_ListenerMatch_FilterMatch{
		Name: "envoy.filters.network.http_connection_manager",
		SubFilter: &networking.EnvoyFilter_ListenerMatch_SubFilterMatch{
			Name: "envoy.filters.http.router",
		},
	}
	return &networking.EnvoyFilter_EnvoyConfigObjectMatch{
		Context: networking.EnvoyFilter_SIDECAR_INBOUND,
		ObjectTypes: &networking.EnvoyFilter_EnvoyConfigObjectMatch_Listener{
			Listener: &networking.EnvoyFilter_ListenerMatch{
				FilterChain: &networking.EnvoyFilter_ListenerMatch_FilterChainMatch{Filter: filter},
			},
		},
	}
}

// localLimitFilter is Envoy's own; Istio has no type for it.
func localLimitFilter(l mesh.RateLimit) *structpb.Struct {
	whole := map[string]any{
		"default_value": map[string]any{"numerator": 100, "denominator": "HUNDRED"},
	}
	interval := strconv.FormatFloat(l.Interval.Seconds(), 'f', -1, 64) + "s"
	filter, _ := structpb.NewStruct(map[string]any{ // texts and numbers alone are never refused
		"name": "envoy.filters.http.local_ratelimit",
		"typed_config": map[string]any{
			"@type": "type.googleapis.com/" +
				"envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
			"stat_prefix": "http_local_rate_limiter",
			"token_bucket": map[string]any{
				"max_tokens": l.Tokens, "tokens_per_fill": l.Tokens, "fill_interval": interval,
			},
			"filter_enabled":  whole,
			"filter_enforced": whole,
		},
	})
	return filter
}

// counters become tags of Istio's own counter of requests.
func (c *converter) counters() {
	counted := func(in mesh.Inbound) any { return tagsOf(in.Counters) }
	for _, same := range c.servers(counted) {
		if len(same.in.Counters) == 0 {
			continue
		}
		var from []string
		for _, counter := range same.in.Counters {
			from = append(from, counter.From)
		}
		for _, s := range c.choose(same.servers, from) {
			name := mesh.Name{Namespace: s.workloads[0].Namespace, Name: s.shared() + "-requests"}
			c.add(kind{"telemetry.istio.io/v1", "Telemetry"}, name, &telemetry.Telemetry{
				Selector: &selector.WorkloadSelector{MatchLabels: s.labels},
				Metrics: []*telemetry.Metrics{{
					Providers: []*telemetry.ProviderRef{{Name: "prometheus"}},
					Overrides: []*telemetry.MetricsOverrides{{
						Match: &telemetry.MetricSelector{
							MetricMatch: &telemetry.MetricSelector_Metric{
								Metric: telemetry.MetricSelector_REQUEST_COUNT,
							},
							Mode: telemetry.WorkloadMode_SERVER,
						},
						TagOverrides: tagsOf(same.in.Counters),
					}},
				}},
			}, from, "Today there is no metric of one's own: istio_requests_total, which tells source, "+
				"destination and version anyway, gets the tags.")
		}
	}
}

// tagsOf are nil for no counter.
func tagsOf(counters []mesh.Counter) map[string]*telemetry.MetricsOverrides_TagOverride {
	if len(counters) == 0 {
		return nil
	}
	tags := map[string]*telemetry.MetricsOverrides_TagOverride{}
	for _, counter := range counters {
		for _, l := range counter.Labels {
			if expression := expressionOf(l); expression != "" {
				tags[l.Name] = &telemetry.MetricsOverrides_TagOverride{Value: expression}
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
