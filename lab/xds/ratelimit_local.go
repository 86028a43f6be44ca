package xds

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/ratelimit/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

// Limits whose tokens are one instance's alone are Envoy's own, as an EnvoyFilter would have them.

// isLocal reports whether each instance of the server has tokens of its own.
func isLocal(l mesh.RateLimit) bool { return l.Bucket == "" }

func localsOf(in mesh.Inbound) []mesh.RateLimit {
	return slices.DeleteFunc(slices.Clone(in.Limits), func(l mesh.RateLimit) bool {
		return !isLocal(l)
	})
}

// localsAt are those of a port: its own in place of those of all ports.
func localsAt(in mesh.Inbound, port int) []mesh.RateLimit {
	locals := localsOf(in)
	hasOwn := slices.ContainsFunc(locals, func(l mesh.RateLimit) bool { return l.Port == port })
	return slices.DeleteFunc(locals, func(l mesh.RateLimit) bool {
		return hasOwn && l.Port != port || !hasOwn && l.Port != 0
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

// callLimits are for all calls of a client. They stand in its listener, as Istio has them, so that other
// rules give no new tokens.
func (b *builder) callLimits(c client, list []mesh.RateLimit) []*hcmv3.HttpFilter {
	var filters []*hcmv3.HttpFilter
	for n, l := range list {
		b.checkLocal(l)
		filters = append(filters, b.filter(localFilter(n), localLimit(l, localStat(c.instance))))
	}
	return filters
}

// localStat is the prefix of the tutorial's own rule.
func localStat(i mesh.Instance) string { return statName("http_local_rate_limiter" + at(i.Name)) }

// localLimits are by filter. All routes of the virtual host share them, whoever calls.
func (b *builder) localLimits(s served, in mesh.Inbound) map[string]*anypb.Any {
	config := map[string]*anypb.Any{}
	for n, l := range localsAt(in, s.service) {
		b.checkLocal(l)
		config[localFilter(n)] = b.pack(localLimit(l, localStat(s.instance)))
	}
	return config
}

func localLimit(l mesh.RateLimit, stat string) *localv3.LocalRateLimit {
	limit := &localv3.LocalRateLimit{
		StatPrefix:           stat,
		TokenBucket:          tokens(l.Tokens, l.Refill, l.Interval),
		FilterEnabled:        portion(l.Counted),
		FilterEnforced:       portion(l.Enforced),
		ResponseHeadersToAdd: settings(l.Headers),
		RateLimits:           entries(l.Entries),
	}
	if l.Answer.Status != http.StatusTooManyRequests {
		limit.Status = &typev3.HttpStatus{Code: typev3.StatusCode(l.Answer.Status)}
	}
	if l.Tells {
		limit.EnableXRatelimitHeaders = ratelimitv3.XRateLimitHeadersRFCVersion_DRAFT_VERSION_03
	}
	for _, own := range l.Special {
		d := &ratelimitv3.LocalRateLimitDescriptor{TokenBucket: tokens(own.Tokens, own.Refill, own.Interval)}
		for _, e := range own.Entries {
			d.Entries = append(d.Entries, &ratelimitv3.RateLimitDescriptor_Entry{Key: e.Key, Value: e.Value})
		}
		limit.Descriptors = append(limit.Descriptors, d)
	}
	return limit
}

// entries are what Envoy makes of each request, to find tokens of its own for it.
func entries(lists [][]mesh.LimitEntry) []*routev3.RateLimit {
	var all []*routev3.RateLimit
	for _, list := range lists {
		limit := &routev3.RateLimit{}
		for _, e := range list {
			limit.Actions = append(limit.Actions, entry(e))
		}
		all = append(all, limit)
	}
	return all
}

func entry(e mesh.LimitEntry) *routev3.RateLimit_Action {
	switch {
	case e.Address:
		return &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_RemoteAddress_{
			RemoteAddress: &routev3.RateLimit_Action_RemoteAddress{},
		}}
	case e.Header != "":
		return &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_RequestHeaders_{
			RequestHeaders: &routev3.RateLimit_Action_RequestHeaders{HeaderName: e.Header, DescriptorKey: e.Key},
		}}
	case len(e.When) == 0:
		return &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_GenericKey_{
			GenericKey: &routev3.RateLimit_Action_GenericKey{DescriptorKey: e.Key, DescriptorValue: e.Value},
		}}
	default:
		match := &routev3.RateLimit_Action_HeaderValueMatch{
			DescriptorKey: e.Key, DescriptorValue: e.Value, ExpectMatch: wrapperspb.Bool(!e.Not),
		}
		for _, c := range e.When {
			match.Headers = append(match.Headers, header(c))
		}
		return &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_HeaderValueMatch_{
			HeaderValueMatch: match,
		}}
	}
}

// checkLocal refuses what Envoy's own limits cannot say.
func (b *builder) checkLocal(l mesh.RateLimit) {
	if want := "local_rate_limited"; l.Answer.Body != want || l.Answer.Status < http.StatusBadRequest {
		b.fail("rate limit %s: of each instance: it can answer an error with %s only", l.From, want)
	}
	if !l.Callers.Others {
		b.fail("rate limit %s: of each instance: it is for all callers or for none", l.From)
	}
}

// tokens come back all at once, unless refill says how many.
func tokens(most, refill int, interval time.Duration) *typev3.TokenBucket {
	return &typev3.TokenBucket{
		MaxTokens:     uint32(most),
		TokensPerFill: wrapperspb.UInt32(uint32(cmp.Or(refill, most))),
		FillInterval:  durationpb.New(interval),
	}
}

// portion is of all requests where nothing is said.
func portion(share *float64) *corev3.RuntimeFractionalPercent {
	if share != nil {
		return &corev3.RuntimeFractionalPercent{DefaultValue: percent(*share)}
	}
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
	config := map[string]*anypb.Any{}
	for n := range localsOf(in) {
		config[localFilter(n)] = b.pack(&routev3.FilterConfig{Disabled: true})
	}
	return config
}
