package telemetry

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// Counters are what the rules count of requests, in Prometheus' words. As in Istio, a server's
// sidecar counts, so that each hop counts once. The zero value counts nothing until Follow.
type Counters struct {
	mu     sync.Mutex
	inMesh mesh.Mesh
	counts map[string]*tally // by the counter's name
}

// tally is the counts of one name.
type tally struct {
	since    time.Time // of no request that began earlier
	byLabels map[string]*dto.Metric
}

// Follow counts from now on by another mesh; what it no longer counts is forgotten.
func (c *Counters) Follow(m mesh.Mesh, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inMesh = m
	kept := map[string]*tally{}
	for _, s := range m.Sidecars {
		for _, counter := range s.Inbound.Counters {
			t := c.counts[counter.Name]
			if t == nil {
				t = &tally{now.Truncate(time.Millisecond), map[string]*dto.Metric{}}
			}
			kept[counter.Name] = t
		}
	}
	c.counts = kept
}

// Count takes a line of the access log; one that is none counts for nothing.
func (c *Counters) Count(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.counts) == 0 {
		return
	}
	a, err := envoy.ParseAccess(string(line))
	if err != nil || a.Direction != envoy.Inbound {
		return
	}
	for _, counter := range c.of(a.Pod) {
		t := c.counts[counter.Name]
		if isFor(counter.Callers, a.Route) && !a.Time.Before(t.since) {
			t.add(labelsOf(counter, a))
		}
	}
}

// of are the counters of the sidecar of NAMESPACE/POD.
func (c *Counters) of(pod string) []mesh.Counter {
	for _, i := range c.inMesh.Instances {
		if i.Name.String() == pod {
			s, _ := c.inMesh.SidecarOf(i.Workload)
			return s.Inbound.Counters
		}
	}
	return nil
}

// isFor goes by the caller's workload; who is none of the mesh is one of the others.
func isFor(callers mesh.Callers, caller string) bool {
	if !strings.Contains(caller, "/") {
		return callers.Others
	}
	return slices.ContainsFunc(callers.Workloads, func(w mesh.Name) bool {
		return w.String() == caller
	})
}

func labelsOf(c mesh.Counter, a *envoy.Access) []*dto.LabelPair {
	var pairs []*dto.LabelPair
	for _, l := range c.Labels {
		pairs = append(pairs, &dto.LabelPair{Name: new(l.Name), Value: new(cut(valueOf(l.Terms, a)))})
	}
	return pairs
}

func cut(value string) string {
	if len(value) > longestLabel {
		return strings.ToValidUTF8(value[:longestLabel], "") + "…"
	}
	return value
}

// add counts one more request with these labels.
func (t *tally) add(labels []*dto.LabelPair) {
	key := ""
	for _, l := range labels {
		key += l.GetName() + "=" + strconv.Quote(l.GetValue()) + ","
	}
	m := t.byLabels[key]
	if m == nil && len(t.byLabels) >= mostSeries {
		t.addRest(labels)
		return
	}
	if m == nil {
		m = &dto.Metric{Label: labels, Counter: &dto.Counter{Value: new(0.0)}}
		t.byLabels[key] = m
	}
	*m.Counter.Value++
}

// A caller may say what it likes in what is counted by.
const (
	mostSeries   = 1000
	longestLabel = 200
	rest         = "(rest)"
)

// addRest counts a request with labels that are one too many: all such are counted together.
func (t *tally) addRest(labels []*dto.LabelPair) {
	m := t.byLabels[rest]
	if m == nil {
		var together []*dto.LabelPair
		for _, l := range labels {
			together = append(together, &dto.LabelPair{Name: l.Name, Value: new(rest)})
		}
		m = &dto.Metric{Label: together, Counter: &dto.Counter{Value: new(0.0)}}
		t.byLabels[rest] = m
	}
	*m.Counter.Value++
}

// valueOf is the first of the terms that the request has.
func valueOf(terms []mesh.Term, a *envoy.Access) string {
	for _, t := range terms {
		switch t.Kind {
		case mesh.Literal:
			return t.Value
		case mesh.RequestHeader:
			if value, had, _ := a.Headers.Get(t.Value); had {
				return value
			}
		case mesh.RequestPath:
			return a.Path
		case mesh.RequestMethod:
			return a.Method
		case mesh.ResponseCode:
			return strconv.Itoa(a.Status)
		}
	}
	return ""
}

// Write writes Prometheus' text format; the error is one of w.
func (c *Counters) Write(w io.Writer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	help := map[string]string{}
	for _, s := range c.inMesh.Sidecars {
		for _, counter := range s.Inbound.Counters {
			help[counter.Name] = cmp.Or(help[counter.Name], counter.Help)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.counts)) {
		family := &dto.MetricFamily{
			Name: new(name), Help: new(help[name]), Type: dto.MetricType_COUNTER.Enum(),
		}
		counts := c.counts[name].byLabels
		if len(counts) == 0 {
			continue // nothing was counted, which the format cannot say
		}
		for _, labels := range slices.Sorted(maps.Keys(counts)) {
			family.Metric = append(family.Metric, counts[labels])
		}
		if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	return nil
}
