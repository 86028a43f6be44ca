package classic

import (
	"maps"
	"slices"
	"strings"

	"istio-tutorial/lab/rules"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (v *validator) routeRule(r *routeRule) {
	v.reference("spec.destination", r.Destination)
	if v.Required("spec.destination", r.Destination) && len(r.Destination.Labels) > 0 {
		v.Fail("spec.destination.labels", "must be empty: labels belong to spec.route")
	}
	if r.Match != nil {
		v.match(r.Match)
	}
	if r.Route != nil {
		v.route(r.Route)
	}
	v.routeExtras(r)
	v.reference("spec.mirror", r.Mirror)
}

func (v *validator) match(m *match) {
	v.reference("spec.match.source", m.Source)
	if m.Request == nil {
		return
	}
	for _, name := range sortedKeys(m.Request.Headers) {
		v.header("spec.match.request.headers", name, m.Request.Headers[name])
	}
}

func (v *validator) header(path, name string, m *stringMatch) {
	switch {
	case name == "":
		v.Fail(path, "a header's name must not be empty")
		return
	case name != strings.ToLower(name):
		v.Fail(path+"."+name, "a header's name must be in lower case")
	}
	if m == nil || m.Exact == nil && m.Prefix == nil && m.Regex == nil {
		v.Fail(path+"."+name, "want exact, prefix or regex")
		return
	}
	v.AnyHeaderName(path+"."+name, name)
	kind, value := m.of()
	switch field := path + "." + name + "." + kind; {
	case name == uriHeader && value == "":
		v.Fail(field, "must not be empty")
	case kind == "regex" && value != "": // an empty one is for an empty header
		v.Regex(field, value)
	}
}

// of is the one that counts where a file has several.
func (m *stringMatch) of() (kind, value string) {
	switch {
	case m.Exact != nil:
		return "exact", *m.Exact
	case m.Prefix != nil:
		return "prefix", *m.Prefix
	default:
		return "regex", *m.Regex
	}
}

func (v *validator) route(route []weighted) {
	total := int64(0)
	for i, w := range route {
		path := rules.At("spec.route", i)
		v.labels(path+".labels", w.Labels)
		v.reference(path+".destination", w.Destination)
		v.percent(path+".weight", float64(w.Weight))
		total += int64(w.Weight)
	}
	if len(route) == 1 && total == 0 {
		return
	}
	if total != 100 {
		v.Fail("spec.route", "weights total %d, must total 100", total)
	}
}

func (v *validator) routeExtras(r *routeRule) {
	if t := r.Timeout; t != nil && t.Simple != nil {
		v.duration("spec.httpReqTimeout.simpleTimeout.timeout", t.Simple.Timeout)
	}
	if t := r.Retries; t != nil && t.Simple != nil {
		v.NotNegative("spec.httpReqRetries.simpleRetry.attempts", t.Simple.Attempts)
		v.duration("spec.httpReqRetries.simpleRetry.perTryTimeout", t.Simple.PerTryTimeout)
	}
	if r.Fault == nil {
		return
	}
	if d := r.Fault.Delay; d != nil {
		v.percent("spec.httpFault.delay.percent", float64(d.Percent))
		v.duration("spec.httpFault.delay.fixedDelay", d.FixedDelay)
	}
	if a := r.Fault.Abort; a != nil {
		v.percent("spec.httpFault.abort.percent", float64(a.Percent))
		if a.HTTPStatus != 0 { // 0.7.1 leaves it out
			v.Status("spec.httpFault.abort.httpStatus", int(a.HTTPStatus))
		}
	}
}
