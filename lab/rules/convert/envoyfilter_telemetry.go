package convert

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	networking "istio.io/api/networking/v1alpha3"
	telemetry "istio.io/api/telemetry/v1alpha1"
	selector "istio.io/api/type/v1beta1"

	"istio-tutorial/lab/mesh"
)

// servers groups those of a namespace by a part of what they do.
func servers[T any](c *converter, part func(mesh.Inbound) T) []alike[T] {
	return group(c.topology.Workloads, func(i int) T { return part(c.mesh.Sidecars[i].Inbound) })
}

// limits are each pod's own, for all callers: the tightest that anyone had.
func (c *converter) limits() {
	for _, same := range servers(c, tightest) {
		l := same.has
		if l.Tokens == 0 {
			continue
		}
		if len(l.When) > 0 {
			c.refuse(l.From, "limits some requests by what they ask for, and today's local limit has no words for it")
			continue
		}
		from := []string{l.From}
		for _, s := range c.choose(same.workloads, from) {
			c.add(kind{"networking.istio.io/v1alpha3", "EnvoyFilter"}, s.named(s.shared()+"-ratelimit"),
				localLimit(s.labels, l), from,
				"Mixer counted for all pods together, and by caller; today each pod counts for "+
					"itself, whoever calls. Who is refused reads 429 local_rate_limited.")
		}
	}
}

// shortest is how often Envoy fills a bucket at most.
const shortest = 50 * time.Millisecond

// tightest is the limit of the fewest requests in a time; zero for none.
func tightest(in mesh.Inbound) mesh.RateLimit {
	if len(in.Limits) == 0 {
		return mesh.RateLimit{}
	}
	l := slices.MinFunc(in.Limits, func(a, b mesh.RateLimit) int {
		return cmp.Compare(perSecond(a), perSecond(b))
	})
	for _, one := range in.Limits {
		if len(one.When) > 0 {
			return mesh.RateLimit{From: one.From, Tokens: one.Tokens, When: one.When}
		}
	}
	l = mesh.RateLimit{From: l.From, Tokens: max(1, l.Tokens/max(1, l.Charge)), Interval: l.Interval}
	for l.Interval > 0 && l.Interval < shortest {
		l.Tokens, l.Interval = 2*l.Tokens, 2*l.Interval
	}
	return l
}

func perSecond(l mesh.RateLimit) float64 {
	return float64(l.Tokens) / float64(max(1, l.Charge)) / l.Interval.Seconds()
}

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
	for _, same := range servers(c, tagsOf) {
		if len(same.has.from) == 0 {
			continue
		}
		for _, s := range c.choose(same.workloads, same.has.from) {
			c.add(kind{"telemetry.istio.io/v1", "Telemetry"}, s.named(s.shared()+"-requests"),
				requestTags(s.labels, same.has.byName), same.has.from,
				"Today there is no metric of one's own: istio_requests_total, which tells source, "+
					"destination and version anyway, gets the tags.")
		}
	}
}

func requestTags(server mesh.Labels, byName tags) *telemetry.Telemetry {
	return &telemetry.Telemetry{
		Selector: &selector.WorkloadSelector{MatchLabels: server},
		Metrics: []*telemetry.Metrics{{
			Providers: []*telemetry.ProviderRef{{Name: "prometheus"}},
			Overrides: []*telemetry.MetricsOverrides{{
				Match: &telemetry.MetricSelector{
					MetricMatch: &telemetry.MetricSelector_Metric{
						Metric: telemetry.MetricSelector_REQUEST_COUNT,
					},
					Mode: telemetry.WorkloadMode_SERVER,
				},
				TagOverrides: byName,
			}},
		}},
	}
}

type tags map[string]*telemetry.MetricsOverrides_TagOverride

// tagging is tags, and the keys of the rules that ask for them.
type tagging struct {
	byName tags
	from   []string
}

func tagsOf(in mesh.Inbound) tagging {
	t := tagging{byName: tags{}}
	for _, counter := range in.Counters {
		t.from = append(t.from, counter.From)
		for _, l := range counter.Labels {
			if expression := expressionOf(l); expression != "" {
				t.byName[l.Name] = &telemetry.MetricsOverrides_TagOverride{Value: expression}
			}
		}
	}
	return t
}

// expressionOf is the first term of a request; who calls whom is told anyway.
func expressionOf(l mesh.CounterLabel) string {
	if len(l.Terms) == 0 {
		return ""
	}
	t := l.Terms[0]
	if t.Kind == mesh.RequestHeader {
		return "request.headers['" + t.Value + "']"
	}
	return map[mesh.TermKind]string{
		mesh.RequestPath: "request.url_path", mesh.RequestMethod: "request.method",
		mesh.ResponseCode: "response.code",
	}[t.Kind]
}
