package v1

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"istio-tutorial/lab/rules"
)

// localLimit is Envoy's local rate limit, as far as the lab knows it.
type localLimit struct {
	Type        string            `json:"@type"`
	StatPrefix  string            `json:"stat_prefix"`
	Status      *limitStatus      `json:"status"`
	Bucket      *bucket           `json:"token_bucket"`
	Enabled     *portion          `json:"filter_enabled"`
	Enforced    *portion          `json:"filter_enforced"`
	Headers     []limitHeader     `json:"response_headers_to_add"`
	Tells       string            `json:"enable_x_ratelimit_headers"`
	Descriptors []limitDescriptor `json:"descriptors"`
	Limits      []limitActions    `json:"rate_limits"`
}

type limitStatus struct {
	Code json.RawMessage `json:"code"`
}

type limitHeader struct {
	Append string `json:"append_action"`
	Old    *bool  `json:"append"`
	Header struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"header"`
}

type bucket struct {
	MaxTokens     int    `json:"max_tokens"`
	TokensPerFill *int   `json:"tokens_per_fill"`
	FillInterval  string `json:"fill_interval"`
}

// refill is 0 where all tokens come back. Without a number, Envoy gives one.
func (b bucket) refill() int {
	switch {
	case b.TokensPerFill == nil && b.MaxTokens > 1:
		return 1
	case b.TokensPerFill == nil || *b.TokensPerFill == b.MaxTokens:
		return 0
	default:
		return *b.TokensPerFill
	}
}

type portion struct {
	RuntimeKey string `json:"runtime_key"`
	Default    struct {
		Numerator   int    `json:"numerator"`
		Denominator string `json:"denominator"`
	} `json:"default_value"`
}

const whole = 100.0

// percent is of the requests; false for an unknown denominator.
func (p *portion) percent() (float64, bool) {
	if p == nil {
		return 0, true
	}
	of := map[string]float64{"": 100, "HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}
	n, ok := of[p.Default.Denominator]
	if !ok {
		return 0, false
	}
	return min(float64(p.Default.Numerator)*whole/n, whole), true
}

const shortestFill = 50 * time.Millisecond

// decode reads a part of a patch strictly.
func decode(value *structpb.Struct, into any) error {
	data, err := value.MarshalJSON()
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", rules.ErrUnsupported, err)
	}
	return nil
}

// untyped has the fields of a TypedStruct, as Istio's pages write it, in the place of that.
func untyped(typed *structpb.Struct) *structpb.Struct {
	text := func(name string) string { return typed.GetFields()[name].GetStringValue() }
	if !strings.HasSuffix(text("@type"), "/udpa.type.v1.TypedStruct") &&
		!strings.HasSuffix(text("@type"), "/xds.type.v3.TypedStruct") || len(typed.GetFields()) > 3 {
		return typed
	}
	fields := map[string]*structpb.Value{"@type": structpb.NewStringValue(text("type_url"))}
	maps.Copy(fields, typed.GetFields()["value"].GetStructValue().GetFields())
	return &structpb.Struct{Fields: fields}
}

// limit holds a local rate limit. Without tokens it is a filter that leaves it to routes.
func (v *validator) limit(path string, t localLimit) {
	switch {
	case t.Type != limitType:
		v.Fail(path+".@type", "%q: %w; want %s", t.Type, rules.ErrUnsupported, limitType)
	case t.StatPrefix == "":
		v.Fail(path+".stat_prefix", "missing")
	default:
		v.bucket(path+".token_bucket", t.Bucket)
		v.portion(path+".filter_enabled", t.Enabled, t)
		v.portion(path+".filter_enforced", t.Enforced, t)
		v.limitHeaders(path+".response_headers_to_add", t)
		v.OneOf(path+".enable_x_ratelimit_headers", t.Tells, "", "OFF", "DRAFT_VERSION_03")
		if _, ok := t.status(); !ok {
			v.Fail(path+".status.code", "%s: want a status such as 429 or TooManyRequests", t.Status.Code)
		}
		if t.Bucket == nil && len(t.Descriptors)+len(t.Limits) > 0 {
			v.Fail(path+".token_bucket", "missing: descriptors have tokens of their own besides these")
		}
		v.descriptors(path+".descriptors", t)
		v.limitActions(path+".rate_limits", t.Limits)
	}
}

func (v *validator) bucket(path string, b *bucket) {
	if b == nil {
		return
	}
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
	case b.TokensPerFill != nil && *b.TokensPerFill <= 0:
		v.Fail(path+".tokens_per_fill", "%d is not more than 0", *b.TokensPerFill)
	case b.TokensPerFill != nil:
		v.Number(path+".tokens_per_fill", *b.TokensPerFill)
	}
}

func (v *validator) portion(path string, p *portion, t localLimit) {
	if p == nil {
		if t.Bucket != nil {
			v.Warn(path, "", "%s: missing, so that Envoy limits nothing", path)
		}
		return
	}
	if _, ok := p.percent(); !ok {
		v.OneOf(path+".default_value.denominator", p.Default.Denominator, "HUNDRED", "TEN_THOUSAND", "MILLION")
	}
	v.Number(path+".default_value.numerator", p.Default.Numerator)
}

// status is the answer's when the tokens are spent: Envoy takes 429 for what is no error.
func (t localLimit) status() (int, bool) {
	if t.Status == nil || len(t.Status.Code) == 0 {
		return tooMany, true
	}
	var code int
	if json.Unmarshal(t.Status.Code, &code) != nil {
		var name string
		if json.Unmarshal(t.Status.Code, &name) != nil {
			return 0, false
		}
		code = codeNamed(name)
	}
	if !isEnvoyStatus(code) {
		return 0, false
	}
	if code < 400 {
		return tooMany, true
	}
	return code, true
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
			v.Fail(rules.At(path, i)+".append_action", "%s: %w; want %s or %s",
				h.Append, rules.ErrUnsupported, overwrite, appends)
		}
		if h.Old != nil && h.Append != "" {
			v.Fail(rules.At(path, i)+".append", "append and append_action exclude each other")
		}
		v.ChangedHeader(rules.At(path, i)+".header.key", h.Header.Key)
		v.HeaderValue(rules.At(path, i)+".header.value", h.Header.Value)
	}
}

func (t localLimit) headers() map[string]string {
	if len(t.Headers) == 0 {
		return nil
	}
	headers := make(map[string]string, len(t.Headers))
	for _, h := range t.Headers {
		headers[h.Header.Key] = h.Header.Value
	}
	return headers
}
