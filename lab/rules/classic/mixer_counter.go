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
		if kind, dynamic := ofRequest()[t.kind]; dynamic {
			list = append(list, mesh.Term{Kind: kind, Value: strings.ToLower(t.text)})
		} else if text, ok := t.of(c); ok {
			return append(list, mesh.Term{Kind: mesh.Literal, Value: text})
		}
	}
	return list
}

func ofRequest() map[termKind]mesh.TermKind {
	return map[termKind]mesh.TermKind{
		requestHeaders: mesh.RequestHeader, requestPath: mesh.RequestPath,
		requestMethod: mesh.RequestMethod, responseCode: mesh.ResponseCode,
	}
}
