package xds

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

// Limits whose tokens are one instance's alone are Envoy's own, as an EnvoyFilter would have them.

// isLocal tells whether each instance of the server has tokens of its own.
func isLocal(l mesh.RateLimit) bool { return l.Bucket == "" }

func localsOf(in mesh.Inbound) []mesh.RateLimit {
	return slices.DeleteFunc(slices.Clone(in.Limits), func(l mesh.RateLimit) bool {
		return !isLocal(l)
	})
}

// fewLocals is how many a listener is prepared for; with more on one workload it changes.
const fewLocals = 1

func mostLocals(m mesh.Mesh) int {
	most := fewLocals
	for _, s := range m.Sidecars {
		most = max(most, len(localsOf(s.Inbound)))
	}
	return most
}

func localFilter(i int) string { return "envoy.filters.http.local_ratelimit." + strconv.Itoa(i) }

// localLimitFilters do nothing by themselves: the virtual host of an instance has the tokens.
func (b *builder) localLimitFilters(i mesh.Instance) []*hcmv3.HttpFilter {
	filters := make([]*hcmv3.HttpFilter, b.locals)
	for n := range filters {
		filters[n] = b.filter(localFilter(n), &localv3.LocalRateLimit{StatPrefix: localStat(i)})
	}
	return filters
}

// localStat is the prefix of the tutorial's own rule.
func localStat(i mesh.Instance) string { return statName("http_local_rate_limiter" + at(i.Name)) }

// localLimits are by filter. All routes of the virtual host share them, whoever calls.
func (b *builder) localLimits(s served, in mesh.Inbound) map[string]*anypb.Any {
	config := map[string]*anypb.Any{}
	for n, l := range localsOf(in) {
		b.checkLocal(l)
		config[localFilter(n)] = b.pack(&localv3.LocalRateLimit{
			StatPrefix:           localStat(s.instance),
			TokenBucket:          tokens(l),
			FilterEnabled:        always(),
			FilterEnforced:       always(),
			ResponseHeadersToAdd: settings(l.Headers),
		})
	}
	return config
}

// checkLocal refuses what Envoy's own limits cannot say.
func (b *builder) checkLocal(l mesh.RateLimit) {
	want := mesh.Response{Status: http.StatusTooManyRequests, Body: "local_rate_limited"}
	if l.Answer != want {
		b.fail("rate limit %s: of each instance: it can answer %d %s only",
			l.From, want.Status, want.Body)
	}
	if !l.Callers.Others {
		b.fail("rate limit %s: of each instance: it is for all callers or for none", l.From)
	}
}

func tokens(l mesh.RateLimit) *typev3.TokenBucket {
	return &typev3.TokenBucket{
		MaxTokens:     uint32(l.Tokens),
		TokensPerFill: wrapperspb.UInt32(uint32(l.Tokens)),
		FillInterval:  durationpb.New(l.Interval),
	}
}

func always() *corev3.RuntimeFractionalPercent {
	return &corev3.RuntimeFractionalPercent{
		DefaultValue: &typev3.FractionalPercent{
			Numerator: 100, Denominator: typev3.FractionalPercent_HUNDRED,
		},
	}
}

// settings overwrite headers.
func settings(headers map[string]string) []*corev3.HeaderValueOption {
	var list []*corev3.HeaderValueOption
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		list = append(list, &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: name, Value: headers[name]},
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		})
	}
	return list
}

// unlimited keeps the filters off a route.
func (b *builder) unlimited(in mesh.Inbound) map[string]*anypb.Any {
	var config map[string]*anypb.Any
	for n := range localsOf(in) {
		if config == nil {
			config = map[string]*anypb.Any{}
		}
		config[localFilter(n)] = b.pack(&routev3.FilterConfig{Disabled: true})
	}
	return config
}
