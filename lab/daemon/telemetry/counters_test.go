package telemetry

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// TestCountersEscape holds that the page can be read, whatever a rule's description or a client's
// header says.
func TestCountersEscape(t *testing.T) {
	t.Parallel()
	const help, agent = "counts\nrequests \\ of\n# TYPE all gauge", "a \"b\"\n\\ c 5\n"
	pod := mesh.Name{Namespace: "n", Name: "pod"}
	m := mesh.Mesh{
		Topology: mesh.Topology{Instances: []mesh.Instance{{Name: pod, Workload: pod}}},
		Sidecars: []mesh.Sidecar{{Workload: pod, Inbound: mesh.Inbound{Counters: []mesh.Counter{
			{Name: "silent", Help: "counts nothing"},
			{
				Name: "requests", Help: help, Callers: mesh.Callers{Others: true},
				Labels: []mesh.CounterLabel{{Name: "agent", Terms: []mesh.Term{{Kind: mesh.Literal, Value: agent}}}},
			},
		}}}},
	}
	var c Counters
	c.Follow(m, time.Time{})
	for range 2 {
		c.Count(accessLine(t, pod))
	}
	var page strings.Builder
	if err := c.Write(&page); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page.String()))
	if err != nil || len(families) != 1 {
		t.Fatalf("%v in\n%s", err, page.String())
	}
	got := families["requests"]
	if got.GetHelp() != help || len(got.Metric) != 1 {
		t.Fatalf("read %v from\n%s", got, page.String())
	}
	one := got.Metric[0]
	if one.Counter.GetValue() != 2 || one.Label[0].GetName() != "agent" || one.Label[0].GetValue() != agent {
		t.Errorf("read %v from\n%s", one, page.String())
	}
}

// accessLine is what Envoy says of a request that somebody outside the mesh made.
func accessLine(t *testing.T, pod mesh.Name) []byte {
	t.Helper()
	line, err := json.Marshal(envoy.Access{
		Time: time.Now(), Pod: pod.String(), Direction: envoy.Inbound, Route: "others", Status: 200,
	})
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// TestCountersBounded counts by what a client may choose: after many values, all others are one.
func TestCountersBounded(t *testing.T) {
	t.Parallel()
	tally := tally{byLabels: map[string]*dto.Metric{}}
	for i := range 60_000 {
		value := cut(strconv.Itoa(i) + strings.Repeat("x", 1000))
		tally.add([]*dto.LabelPair{{Name: new("agent"), Value: &value}})
	}
	total, longest := 0.0, 0
	for _, m := range tally.byLabels {
		total += m.Counter.GetValue()
		longest = max(longest, len(m.Label[0].GetValue()))
	}
	if len(tally.byLabels) != mostSeries+1 || total != 60_000 || longest > longestLabel+len("…") {
		t.Errorf("%d series of %v requests, with values of up to %d bytes", len(tally.byLabels), total, longest)
	}
}
