package v1

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	telemetry "istio.io/api/telemetry/v1alpha1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

const (
	requestsTotal = "istio_requests_total"
	requestsHelp  = "requests that reached the workload, as its sidecar saw them"
	prometheus    = "prometheus"
	unknown       = "unknown"
)

func (v *validator) telemetry(t *telemetry.Telemetry) {
	v.selector(t.Selector)
	v.targets(t, t.Selector)
	for i, m := range t.Metrics {
		path := rules.At("spec.metrics", i)
		for j, p := range m.Providers {
			if p.Name != prometheus {
				v.Fail(rules.At(path+".providers", j)+".name", "%q: not supported by the lab; want %s",
					p.Name, prometheus)
			}
		}
		for j, o := range m.Overrides {
			v.override(rules.At(path+".overrides", j), o)
		}
	}
}

func (v *validator) override(path string, o *telemetry.MetricsOverrides) {
	if o.GetMatch().GetMetric() != telemetry.MetricSelector_REQUEST_COUNT {
		v.Fail(path+".match.metric", "other than REQUEST_COUNT: not supported by the lab")
	}
	if o.GetMatch().GetMode() != telemetry.WorkloadMode_SERVER {
		v.Fail(path+".match.mode", "other than SERVER: not supported by the lab")
	}
	for _, name := range sortedKeys(o.TagOverrides) {
		v.tag(document.Join(path+".tagOverrides", name), o.TagOverrides[name])
	}
}

func (v *validator) tag(path string, t *telemetry.MetricsOverrides_TagOverride) {
	switch {
	case t.Operation == telemetry.MetricsOverrides_TagOverride_REMOVE && t.Value != "":
		v.Fail(path+".value", "must not be set with REMOVE")
	case t.Operation == telemetry.MetricsOverrides_TagOverride_REMOVE:
	case t.Value == "":
		v.Fail(path+".value", "missing, as the operation is UPSERT")
	default:
		if term, ok := termOf(t.Value); ok && term.Kind == mesh.RequestHeader {
			v.HeaderName(path+".value", term.Value)
		} else if !ok {
			v.Fail(path+".value", "%s: not supported by the lab; want request.headers['NAME'], "+
				"request.method, request.url_path, response.code or a literal", t.Value)
		}
	}
}

// termOf reads the few expressions that the lab knows.
func termOf(expression string) (mesh.Term, bool) {
	header := regexp.MustCompile(`^request\.headers\[(?:'([^']+)'|"([^"]+)")\]$`)
	literal := regexp.MustCompile(`^(?:'([^']*)'|"([^"]*)")$`)
	switch expression {
	case "request.method":
		return mesh.Term{Kind: mesh.RequestMethod}, true
	case "request.url_path":
		return mesh.Term{Kind: mesh.RequestPath}, true
	case "response.code":
		return mesh.Term{Kind: mesh.ResponseCode}, true
	}
	if m := header.FindStringSubmatch(expression); m != nil {
		return mesh.Term{Kind: mesh.RequestHeader, Value: strings.ToLower(m[1] + m[2])}, true
	}
	if m := literal.FindStringSubmatch(expression); m != nil {
		return mesh.Term{Kind: mesh.Literal, Value: m[1] + m[2]}, true
	}
	return mesh.Term{}, false
}

// counters are Istio's own requests with the tags that a Telemetry changes; without one, the lab
// does not count.
func (r *resolver) counters(server mesh.Workload) []mesh.Counter {
	var list []mesh.Counter
	t := r.telemetryOf(server)
	if t == nil {
		return nil
	}
	for _, c := range r.callers() {
		counter := mesh.Counter{From: t.Key.Path(), Name: requestsTotal, Help: requestsHelp}
		counter.Labels = tagged(r.standard(c, server), t.Spec)
		counter.Callers.Add(c.workload)
		list = append(list, counter)
	}
	return list
}

// telemetryOf is the closest one that changes a metric: the workload's, else its namespace's,
// else the root's; nil if there is none.
func (r *resolver) telemetryOf(w mesh.Workload) *telemetryRule {
	rank := func(t telemetryRule) int {
		switch {
		case t.Spec.Selector != nil:
			return 0
		case t.Key.Namespace == w.Namespace:
			return 1
		default:
			return 2
		}
	}
	var closest *telemetryRule
	for _, t := range r.telemetries {
		if selects(t.Rule, t.Spec.GetSelector().GetMatchLabels(), w) && len(t.Spec.Metrics) > 0 &&
			(closest == nil || rank(t) < rank(*closest)) {
			closest = &t
		}
	}
	return closest
}

// standard are the labels of Istio's metric that the lab knows.
func (r *resolver) standard(c caller, server mesh.Workload) []mesh.CounterLabel {
	source := mesh.Workload{}
	if c.workload != nil {
		source = *c.workload
	}
	service := ""
	if services := r.topology.ServicesOf(server); len(services) > 0 {
		service = services[0].Host()
	}
	return []mesh.CounterLabel{
		label("reporter", "destination"),
		label("source_app", source.Labels["app"]),
		label("source_version", source.Labels["version"]),
		label("source_principal", "spiffe://"+c.Principal()),
		label("destination_app", server.Labels["app"]),
		label("destination_version", server.Labels["version"]),
		label("destination_service", service),
		{Name: "response_code", Terms: []mesh.Term{{Kind: mesh.ResponseCode}}},
	}
}

func label(name, value string) mesh.CounterLabel {
	literal := mesh.Term{Kind: mesh.Literal, Value: cmp.Or(value, unknown)}
	return mesh.CounterLabel{Name: name, Terms: []mesh.Term{literal}}
}

// tagged are labels with those that a Telemetry puts in their place, or removes.
func tagged(labels []mesh.CounterLabel, t *telemetry.Telemetry) []mesh.CounterLabel {
	for _, m := range t.Metrics {
		for _, o := range m.Overrides {
			for _, name := range sortedKeys(o.TagOverrides) {
				labels = slices.DeleteFunc(labels, func(l mesh.CounterLabel) bool { return l.Name == name })
				if term, ok := termOf(o.TagOverrides[name].Value); ok { // REMOVE has none
					labels = append(labels, mesh.CounterLabel{Name: name, Terms: terms(term)})
				}
			}
		}
	}
	return labels
}

// terms are a term and, of a header, which may be missing, what stands for it.
func terms(t mesh.Term) []mesh.Term {
	if t.Kind != mesh.RequestHeader {
		return []mesh.Term{t}
	}
	return []mesh.Term{t, {Kind: mesh.Literal, Value: unknown}}
}

func (i inspector) telemetryNotes(r telemetryRule) []rules.Finding {
	return sole(i, r, i.telemetries, choice[telemetry.Telemetry]{
		labels: func(t *telemetry.Telemetry) map[string]string {
			return t.GetSelector().GetMatchLabels()
		},
		path: "spec.selector", plural: "Telemetries", alone: "IST0160", shared: "IST0159",
	})
}
