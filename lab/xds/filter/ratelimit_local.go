package filter

import (
	"cmp"
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
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/message"
	"istio-tutorial/lab/xds/naming"
)

// Limits whose tokens are one instance's alone are Envoy's own, as an EnvoyFilter would have them.

// IsLocal reports whether each instance of the server has tokens of its own.
func IsLocal(l mesh.RateLimit) bool { return l.Bucket == "" }

func localsOf(in mesh.Inbound) []mesh.RateLimit {
	return slices.DeleteFunc(slices.Clone(in.Limits), func(l mesh.RateLimit) bool {
		return !IsLocal(l)
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

// MostLocals is how many limits of each instance a listener is prepared for: the most of one workload, or more.
func MostLocals(m mesh.Mesh) int {
	most := fewLocals
	for _, s := range m.Sidecars {
		most = max(most, len(localsOf(s.Inbound)))
	}
	return most
}

func localFilter(i int) string { return "envoy.filters.http.local_ratelimit." + strconv.Itoa(i) }

// LocalLimits is the steps for n limits of an instance, see MostLocals. They do nothing by themselves: its virtual host
// has the tokens.
func LocalLimits(p *message.Packer, instance mesh.Name, n int) []*hcmv3.HttpFilter {
	filters, stat := make([]*hcmv3.HttpFilter, n), localStat(instance)
	for i := range filters {
		filters[i] = Step(p, localFilter(i), &localv3.LocalRateLimit{StatPrefix: stat})
	}
	return filters
}

// CallLimits is the steps for limits of all calls of a client. They stand in its listener, as Istio has them, so that
// other rules give no new tokens.
func CallLimits(p *message.Packer, client mesh.Name, list []mesh.RateLimit) []*hcmv3.HttpFilter {
	var filters []*hcmv3.HttpFilter
	for n, l := range list {
		checkLocal(p, l)
		filters = append(filters, Step(p, localFilter(n), localLimit(l, localStat(client))))
	}
	return filters
}

// localStat is the prefix of the tutorial's own rule.
func localStat(instance mesh.Name) string {
	return naming.Stat("http_local_rate_limiter" + naming.At(instance))
}

// LocalTokens is the limits of an instance for calls to a port of a service, by the name of the step. All routes of the
// virtual host share them, whoever calls.
func LocalTokens(p *message.Packer, instance mesh.Name, port int, in mesh.Inbound) map[string]*anypb.Any {
	config := map[string]*anypb.Any{}
	for n, l := range localsAt(in, port) {
		checkLocal(p, l)
		config[localFilter(n)] = p.Pack(localLimit(l, localStat(instance)))
	}
	return config
}

func localLimit(l mesh.RateLimit, stat string) *localv3.LocalRateLimit {
	limit := &localv3.LocalRateLimit{
		StatPrefix:           stat,
		TokenBucket:          tokens(l.Tokens, l.Refill, l.Interval),
		FilterEnabled:        portion(l.Counted),
		FilterEnforced:       portion(l.Enforced),
		ResponseHeadersToAdd: message.Overwrite(l.Headers),
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
		return &routev3.RateLimit_Action{ActionSpecifier: &routev3.RateLimit_Action_HeaderValueMatch_{
			HeaderValueMatch: &routev3.RateLimit_Action_HeaderValueMatch{
				DescriptorKey: e.Key, DescriptorValue: e.Value, ExpectMatch: wrapperspb.Bool(!e.Not),
				Headers: match.Headers(e.When),
			},
		}}
	}
}

// checkLocal refuses what Envoy's own limits cannot say.
func checkLocal(p *message.Packer, l mesh.RateLimit) {
	if want := "local_rate_limited"; l.Answer.Body != want || l.Answer.Status < http.StatusBadRequest {
		p.Fail("rate limit %s: of each instance: it can answer an error with %s only", l.From, want)
	}
	if !l.Callers.Others {
		p.Fail("rate limit %s: of each instance: it is for all callers or for none", l.From)
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
		return &corev3.RuntimeFractionalPercent{DefaultValue: message.Percent(*share)}
	}
	return &corev3.RuntimeFractionalPercent{
		DefaultValue: &typev3.FractionalPercent{
			Numerator: 100, Denominator: typev3.FractionalPercent_HUNDRED,
		},
	}
}

// unlimited keeps the filters off a route.
func unlimited(p *message.Packer, in mesh.Inbound) map[string]*anypb.Any {
	config := map[string]*anypb.Any{}
	for n := range localsOf(in) {
		config[localFilter(n)] = p.Pack(&routev3.FilterConfig{Disabled: true})
	}
	return config
}
