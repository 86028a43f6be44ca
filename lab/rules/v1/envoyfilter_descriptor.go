package v1

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

const tooMany = http.StatusTooManyRequests

// codeNamed is the status that Envoy has under a name, such as TooManyRequests.
func codeNamed(name string) int {
	for code := 100; code < 600; code++ {
		if text := http.StatusText(code); text != "" && strings.NewReplacer(" ", "", "-", "", "'", "").Replace(text) == name {
			return code
		}
	}
	return 0
}

// isEnvoyStatus reports whether Envoy has a name for a status, without which it refuses it: it has
// Go's, but for some younger ones.
func isEnvoyStatus(code int) bool {
	return http.StatusText(code) != "" && !slices.Contains([]int{
		http.StatusSwitchingProtocols, http.StatusProcessing, http.StatusEarlyHints, http.StatusTeapot,
		http.StatusTooEarly, http.StatusUnavailableForLegalReasons,
	}, code)
}

type limitDescriptor struct {
	Entries []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"entries"`
	Bucket *bucket `json:"token_bucket"`
}

// limitActions make a list of entries of a request.
type limitActions struct {
	Actions []limitAction `json:"actions"`
}

type limitAction struct {
	Address *struct{} `json:"remote_address"`
	Generic *struct {
		Key   string `json:"descriptor_key"`
		Value string `json:"descriptor_value"`
	} `json:"generic_key"`
	Header *struct {
		Name string `json:"header_name"`
		Key  string `json:"descriptor_key"`
	} `json:"request_headers"`
	Match *struct {
		Key     string          `json:"descriptor_key"`
		Value   string          `json:"descriptor_value"`
		Expect  *bool           `json:"expect_match"`
		Headers []headerMatcher `json:"headers"`
	} `json:"header_value_match"`
}

type headerMatcher struct {
	Name    string         `json:"name"`
	Present *bool          `json:"present_match"`
	Exact   string         `json:"exact_match"`
	Prefix  string         `json:"prefix_match"`
	Invert  bool           `json:"invert_match"`
	Text    *stringMatcher `json:"string_match"`
}

type stringMatcher struct {
	Exact    string `json:"exact"`
	Prefix   string `json:"prefix"`
	Suffix   string `json:"suffix"`
	Contains string `json:"contains"`
	Ignore   bool   `json:"ignore_case"`
	Regex    *struct {
		Regex string `json:"regex"`
	} `json:"safe_regex"`
}

// condition has ends and middles as expressions.
func (h headerMatcher) condition() mesh.Condition {
	c := mesh.Condition{Attribute: mesh.Header, Header: strings.ToLower(h.Name), Not: h.Invert}
	switch {
	case h.Text != nil:
		c.Compare, c.Value, c.IgnoreCase = h.Text.comparison()
	case h.Exact != "":
		c.Compare, c.Value = mesh.Exact, h.Exact
	case h.Prefix != "":
		c.Compare, c.Value = mesh.Prefix, h.Prefix
	default:
		c.Compare = mesh.Present
		c.Not = h.Invert != (h.Present != nil && !*h.Present)
	}
	return c
}

func (t stringMatcher) comparison() (how mesh.Comparison, value string, ignoreCase bool) {
	flag := ""
	if t.Ignore {
		flag = "(?i)"
	}
	switch {
	case t.Regex != nil:
		return mesh.Regex, t.Regex.Regex, false
	case t.Prefix != "":
		return mesh.Prefix, t.Prefix, t.Ignore
	case t.Suffix != "":
		return mesh.Regex, flag + ".*" + regexp.QuoteMeta(t.Suffix), false
	case t.Contains != "":
		return mesh.Regex, flag + ".*" + regexp.QuoteMeta(t.Contains) + ".*", false
	default:
		return mesh.Exact, t.Exact, t.Ignore
	}
}

func (v *validator) descriptors(path string, t localLimit) {
	for i, d := range t.Descriptors {
		field := rules.At(path, i)
		v.Required(field+".entries", d.Entries)
		for j, e := range d.Entries {
			v.NotEmpty(rules.At(field+".entries", j)+".key", e.Key)
		}
		if v.Required(field+".token_bucket", d.Bucket) {
			v.bucket(field+".token_bucket", d.Bucket)
			v.multiple(field+".token_bucket.fill_interval", d.Bucket, t.Bucket)
		}
	}
}

// multiple holds what Envoy wants of two intervals.
func (v *validator) multiple(path string, own, all *bucket) {
	if all == nil {
		return
	}
	fill, err := time.ParseDuration(own.FillInterval)
	every, other := time.ParseDuration(all.FillInterval)
	if err == nil && other == nil && every > 0 && fill%every != 0 {
		v.Fail(path, "%s is not a multiple of the limit's own %s, which Envoy refuses", fill, every)
	}
}

func (v *validator) limitActions(path string, list []limitActions) {
	for i, limit := range list {
		v.Required(rules.At(path, i)+".actions", limit.Actions)
		for j, a := range limit.Actions {
			v.limitAction(rules.At(rules.At(path, i)+".actions", j), a)
		}
	}
}

func (v *validator) limitAction(path string, a limitAction) {
	kinds := 0
	if a.Address != nil {
		kinds++
		v.Warn(path+".remote_address", "", "%s.remote_address: adds no entry in the lab, where callers have no address", path)
	}
	if g := a.Generic; g != nil {
		kinds++
		v.NotEmpty(path+".generic_key.descriptor_value", g.Value)
	}
	if h := a.Header; h != nil {
		kinds++
		v.AnyHeaderName(path+".request_headers.header_name", h.Name)
		v.NotEmpty(path+".request_headers.descriptor_key", h.Key)
	}
	if m := a.Match; m != nil {
		kinds++
		v.NotEmpty(path+".header_value_match.descriptor_value", m.Value)
		v.Required(path+".header_value_match.headers", m.Headers)
		for i, h := range m.Headers {
			field := rules.At(path+".header_value_match.headers", i)
			v.AnyHeaderName(field+".name", h.Name)
			if c := h.condition(); c.Compare == mesh.Regex {
				v.Regex(field+".string_match.safe_regex.regex", c.Value)
			}
		}
	}
	if kinds != 1 {
		v.Fail(path, "want one of remote_address, generic_key, request_headers and header_value_match")
	}
}

func (a limitAction) entry() mesh.LimitEntry {
	or := func(key, otherwise string) string {
		if key == "" {
			return otherwise
		}
		return key
	}
	switch {
	case a.Generic != nil:
		return mesh.LimitEntry{KeyValue: mesh.KeyValue{Key: or(a.Generic.Key, "generic_key"), Value: a.Generic.Value}}
	case a.Header != nil:
		return mesh.LimitEntry{KeyValue: mesh.KeyValue{Key: a.Header.Key}, Header: a.Header.Name}
	case a.Match != nil:
		entry := mesh.LimitEntry{KeyValue: mesh.KeyValue{Key: or(a.Match.Key, "header_match"), Value: a.Match.Value}}
		for _, h := range a.Match.Headers {
			entry.When = append(entry.When, h.condition())
		}
		entry.Not = a.Match.Expect != nil && !*a.Match.Expect
		return entry
	default:
		return mesh.LimitEntry{Address: true}
	}
}

// details are what a limit of each instance has besides its tokens.
func (t localLimit) details(actions []limitActions) mesh.LimitDetails {
	out := mesh.LimitDetails{
		Refill: t.Bucket.refill(), Counted: shareOf(t.Enabled), Enforced: shareOf(t.Enforced),
		Tells: t.Tells == "DRAFT_VERSION_03",
	}
	for _, d := range t.Descriptors {
		fill, _ := time.ParseDuration(d.Bucket.FillInterval)
		own := mesh.SpecialTokens{Tokens: d.Bucket.MaxTokens, Refill: d.Bucket.refill(), Interval: fill}
		for _, e := range d.Entries {
			own.Entries = append(own.Entries, mesh.KeyValue{Key: e.Key, Value: e.Value})
		}
		out.Special = append(out.Special, own)
	}
	if len(t.Limits) > 0 {
		actions = t.Limits
	}
	for _, limit := range actions {
		var entries []mesh.LimitEntry
		for _, a := range limit.Actions {
			entries = append(entries, a.entry())
		}
		out.Entries = append(out.Entries, entries)
	}
	return out
}

// shareOf is nil for all requests.
func shareOf(p *portion) *float64 {
	percent, _ := p.percent()
	if percent == whole {
		return nil
	}
	return new(percent)
}
