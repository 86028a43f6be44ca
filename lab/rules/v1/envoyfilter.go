package v1

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// The only shape of an EnvoyFilter that the lab knows: Envoy's local rate limit before the
// router of a workload's inbound calls.
const (
	limitFilter = "envoy.filters.http.local_ratelimit"
	limitType   = "type.googleapis.com/" +
		"envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
	routerFilter = "envoy.filters.http.router"
	httpFilter   = "envoy.filters.network.http_connection_manager"
)

type limitPatch struct {
	Name  string     `json:"name"`
	Typed localLimit `json:"typed_config"`
}

type localLimit struct {
	Type       string   `json:"@type"`
	StatPrefix string   `json:"stat_prefix"`
	Bucket     *bucket  `json:"token_bucket"`
	Enabled    *portion `json:"filter_enabled"`
	Enforced   *portion `json:"filter_enforced"`
	Headers    []struct {
		Append string `json:"append_action"`
		Header struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"header"`
	} `json:"response_headers_to_add"`
}

type bucket struct {
	MaxTokens     int    `json:"max_tokens"`
	TokensPerFill *int   `json:"tokens_per_fill"`
	FillInterval  string `json:"fill_interval"`
}

type portion struct {
	RuntimeKey string `json:"runtime_key"`
	Default    struct {
		Numerator   int    `json:"numerator"`
		Denominator string `json:"denominator"`
	} `json:"default_value"`
}

// isWhole takes nothing but every request.
func (p *portion) isWhole() bool {
	whole := map[string]int{"": 100, "HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}
	n, ok := whole[p.Default.Denominator]
	return ok && p.Default.Numerator == n
}

const (
	internalsWarning = "Schema validation warning: EnvoyFilter exposes internal implementation " +
		"details that may change at any time. Prefer other APIs if possible, and exercise " +
		"extreme caution, especially around upgrades."
	shortestFill = 50 * time.Millisecond
)

func (v *validator) envoyFilter(f *networking.EnvoyFilter) {
	v.Warn("", rules.SchemaWarning, "%s", internalsWarning)
	v.operations(f)
	v.labels("spec.workloadSelector.labels", f.GetWorkloadSelector().GetLabels())
	for i, p := range f.ConfigPatches {
		path := rules.At("spec.configPatches", i)
		v.patchPlace(path, p)
		if len(v.Errs) == 0 {
			v.limit(path+".patch.value", p)
		}
	}
}

func (v *validator) patchPlace(path string, p *networking.EnvoyFilter_EnvoyConfigObjectPatch) {
	filter := p.GetMatch().GetListener().GetFilterChain().GetFilter()
	only := func(field, have string, want ...string) {
		if !slices.Contains(want, have) {
			v.Fail(path+"."+field, "%s instead of %s: not supported by the lab", cmp.Or(have, "nothing"),
				strings.Join(want, " or "))
		}
	}
	only("applyTo", p.ApplyTo.String(), "HTTP_FILTER")
	only("match.context", p.GetMatch().GetContext().String(), "SIDECAR_INBOUND")
	only("match.listener.filterChain.filter.name", filter.GetName(), httpFilter)
	// Without one, Istio inserts it before the first of the filters.
	if name := filter.GetSubFilter().GetName(); name != "" {
		only("match.listener.filterChain.filter.subFilter.name", name, routerFilter)
	}
	if filter := p.GetMatch().GetProxy(); filter != nil {
		v.Fail(path+".match.proxy", "%w", rules.ErrUnsupported)
	}
	only("patch.operation", p.GetPatch().GetOperation().String(), "INSERT_BEFORE", "INSERT_FIRST")
}

func (v *validator) limit(path string, p *networking.EnvoyFilter_EnvoyConfigObjectPatch) {
	limit, err := limitOf(p)
	if err != nil {
		v.Fail(path, "%w", err)
		return
	}
	config := path + ".typed_config"
	switch t := limit.Typed; {
	case limit.Name != limitFilter:
		v.Fail(path+".name", "%q: not supported by the lab; want %s", limit.Name, limitFilter)
	case t.Type != limitType:
		v.Fail(config+".@type", "%q: not supported by the lab; want %s", t.Type, limitType)
	case t.StatPrefix == "":
		v.Fail(config+".stat_prefix", "missing")
	case t.Bucket == nil:
		v.Fail(config+".token_bucket", "missing")
	default:
		v.bucket(config+".token_bucket", t.Bucket)
		v.portion(config+".filter_enabled", t.Enabled)
		v.portion(config+".filter_enforced", t.Enforced)
		v.limitHeaders(config+".response_headers_to_add", t)
	}
}

func limitOf(p *networking.EnvoyFilter_EnvoyConfigObjectPatch) (limitPatch, error) {
	var limit limitPatch
	data, err := untyped(p.GetPatch().GetValue()).MarshalJSON()
	if err != nil {
		return limit, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&limit); err != nil {
		return limit, fmt.Errorf("not supported by the lab: %w", err)
	}
	return limit, nil
}

// untyped has the value of a TypedStruct, as Istio's pages write it, in the place of that.
func untyped(value *structpb.Struct) *structpb.Struct {
	typed := value.GetFields()["typed_config"].GetStructValue()
	text := func(name string) string { return typed.GetFields()[name].GetStringValue() }
	inner := typed.GetFields()["value"].GetStructValue()
	if !strings.HasSuffix(text("@type"), "/udpa.type.v1.TypedStruct") &&
		!strings.HasSuffix(text("@type"), "/xds.type.v3.TypedStruct") || len(typed.GetFields()) > 3 {
		return value
	}
	fields := map[string]*structpb.Value{"@type": structpb.NewStringValue(text("type_url"))}
	maps.Copy(fields, inner.GetFields())
	all := maps.Clone(value.GetFields())
	all["typed_config"] = structpb.NewStructValue(&structpb.Struct{Fields: fields})
	return &structpb.Struct{Fields: all}
}

func (v *validator) bucket(path string, b *bucket) {
	fill, err := time.ParseDuration(b.FillInterval)
	v.Number(path+".max_tokens", b.MaxTokens)
	v.Duration(path+".fill_interval", fill)
	switch {
	case b.MaxTokens <= 0:
		v.Fail(path+".max_tokens", "%d is not more than 0", b.MaxTokens)
	case err != nil:
		v.Fail(path+".fill_interval", "want a duration such as 1s, not %q", b.FillInterval)
	case fill < shortestFill:
		v.Fail(path+".fill_interval", "%s is less than %s, which Envoy refuses", fill, shortestFill)
	case b.TokensPerFill == nil || *b.TokensPerFill != b.MaxTokens:
		v.Fail(path+".tokens_per_fill", "other than max_tokens: not supported by the lab")
	}
}

func (v *validator) portion(path string, p *portion) {
	if p == nil {
		v.Fail(path, "missing: Envoy then limits nothing")
	} else if !p.isWhole() {
		v.Fail(path+".default_value", "less than every request: not supported by the lab")
	}
}

// An answer of the limit's own has no headers yet, so that both ways are one.
const (
	overwrite = "OVERWRITE_IF_EXISTS_OR_ADD"
	appends   = "APPEND_IF_EXISTS_OR_ADD"
)

func (v *validator) limitHeaders(path string, l localLimit) {
	v.LimitHeaders(path, len(l.Headers))
	for i, h := range l.Headers {
		if !slices.Contains([]string{"", overwrite, appends}, h.Append) {
			v.Fail(rules.At(path, i)+".append_action", "%s: not supported by the lab; want %s or %s",
				h.Append, overwrite, appends)
		}
		v.ChangedHeader(rules.At(path, i)+".header.key", h.Header.Key)
		v.HeaderValue(rules.At(path, i)+".header.value", h.Header.Value)
	}
}

func (l localLimit) headers() map[string]string {
	if len(l.Headers) == 0 {
		return nil
	}
	headers := make(map[string]string, len(l.Headers))
	for _, h := range l.Headers {
		headers[h.Header.Key] = h.Header.Value
	}
	return headers
}

// limits are those of a workload; each of its instances has tokens of its own.
func (r *resolver) limits(server mesh.Workload) []mesh.RateLimit {
	var everyone mesh.Callers
	for _, c := range r.callers() {
		everyone.Add(c.workload)
	}
	var list []mesh.RateLimit
	for _, f := range r.filters {
		if !selects(f.Rule, f.Spec.GetWorkloadSelector().GetLabels(), server) {
			continue
		}
		for _, p := range f.Spec.ConfigPatches {
			limit, err := limitOf(p)
			if err != nil {
				continue // it was refused when it was read
			}
			interval, _ := time.ParseDuration(limit.Typed.Bucket.FillInterval)
			list = append(list, mesh.RateLimit{
				From:     f.Key.Path(),
				Callers:  everyone,
				Tokens:   limit.Typed.Bucket.MaxTokens,
				Interval: interval,
				Answer:   mesh.Response{Status: 429, Body: "local_rate_limited"},
				Headers:  limit.Typed.headers(),
			})
		}
	}
	return list
}

func (i inspector) envoyFilterNotes(r envoyFilter) []rules.Finding {
	return i.nobody(r.Rule, "spec.workloadSelector", r.Spec.GetWorkloadSelector().GetLabels())
}
