package classic

import (
	"cmp"
	"strings"

	"istio-tutorial/lab/mesh"
)

// counterPrefix is what Mixer's Prometheus adapter puts before every name.
const counterPrefix = "istio_"

func addCounters(in *mesh.Inbound, c call, actions []action) {
	for _, a := range actions {
		handler, ok := a.handler.Spec.(*prometheus)
		instance, ok2 := a.instance.Spec.(*metric)
		if !ok || !ok2 {
			continue
		}
		for _, m := range handler.Metrics {
			if m.InstanceName != mixerName(a.instance) {
				continue
			}
			counter := mesh.Counter{
				From: a.rule.Key.String(),
				Name: counterPrefix + m.Name,
				Help: cmp.Or(m.Description, m.Name),
			}
			for _, label := range m.LabelNames {
				terms := instance.Dimensions[label].terms(c)
				counter.Labels = append(counter.Labels, mesh.CounterLabel{Name: label, Terms: terms})
			}
			mesh.Meet(&in.Counters, c.source, counter, func(one *mesh.Counter) *mesh.Callers { return &one.Callers })
		}
	}
}

// terms are a value's, as far as caller and server do not decide already.
func (v value) terms(c call) []mesh.Term {
	var list []mesh.Term
	for _, t := range v {
		if term, ok := t.counted(); ok {
			list = append(list, term)
		} else if text, ok := t.of(c); ok {
			return append(list, mesh.Term{Kind: mesh.Literal, Value: text})
		}
	}
	return list
}

// counted is a term that differs from request to request.
func (t term) counted() (mesh.Term, bool) {
	switch t.kind {
	case requestHeaders:
		return mesh.Term{Kind: mesh.RequestHeader, Value: strings.ToLower(t.text)}, true
	case requestUserAgent, requestReferer:
		c, _ := t.kind.asked("")
		return mesh.Term{Kind: mesh.RequestHeader, Value: c.Header}, true
	case requestPath:
		return mesh.Term{Kind: mesh.RequestPath}, true
	case requestMethod:
		return mesh.Term{Kind: mesh.RequestMethod}, true
	case responseCode:
		return mesh.Term{Kind: mesh.ResponseCode}, true
	default:
		return mesh.Term{}, false
	}
}
