package traffic

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic/rulebook"
)

// recorded are lines as Envoy wrote them for one request in a lab, by the rule that was in force.
var recorded = map[string]string{
	"usual":    "route-rule-recommendation-503",
	"aborted":  "route-rule-recommendation-503",
	"mirrored": "route-rule-recommendation-v1-mirror-v2",
}

// BenchmarkStore has a Store read what proxies log of a request: an operation is a request.
func BenchmarkStore(b *testing.B) {
	for name, rule := range recorded {
		b.Run(name, func(b *testing.B) {
			lines, id := linesOf(b, name)
			now := recordedAt(b, lines)
			s := New(func() time.Time { return now })
			b.Cleanup(s.Close)
			s.Begin(rulebook.Version{
				Mesh: meshOf(b, lines, rule), Of2018: true,
				Find: func(rulebook.Question) (rulebook.Rule, bool) { return rulebook.Rule{}, false },
			}, true)(true)
			began := cpu(b)
			for i := 0; b.Loop(); i++ {
				for _, line := range lines {
					s.take(strings.ReplaceAll(line, id, fmt.Sprintf("%0*d", len(id), i)))
				}
			}
			b.StopTimer()
			b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
			if rows := s.Table(SinceChange).Rows; len(rows) != 3 || rows[0].Requests < b.N || s.unread(b) > 0 {
				b.Errorf("%+v", rows)
			}
		})
	}
}

// cpu is what this process has computed: on a busy machine, that says more than the time.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// unread is how many calls the lab reads otherwise than the proxy did.
func (s *Store) unread(b *testing.B) (n int) {
	b.Helper()
	for _, e := range s.records[s.order[0]].entries {
		if _, c := s.versions.At(e); isOutbound(e) && !c.Agrees(e) {
			b.Errorf("%s of %s", e.Route, e.Pod)
			n++
		}
	}
	return n
}

func linesOf(b *testing.B, name string) (lines []string, id string) {
	b.Helper()
	text, err := os.ReadFile("testdata/" + name + ".jsonl")
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		lines = append(lines, string(line))
	}
	e, err := envoy.ParseEntry(lines[len(lines)-1])
	if err != nil {
		b.Fatal(err)
	}
	return lines, e.Request
}

func recordedAt(b *testing.B, lines []string) time.Time {
	b.Helper()
	e, err := envoy.ParseEntry(lines[len(lines)-1])
	if err != nil {
		b.Fatal(err)
	}
	return e.Time
}

// meshOf is the tutorial's, with one rule, and with the pods that lines name.
func meshOf(b *testing.B, lines []string, rule string) mesh.Mesh {
	b.Helper()
	paths, err := manifests.Kustomization("../../deploy")
	if err != nil {
		b.Fatal(err)
	}
	var files []objects.File
	for _, path := range append(paths, "../../istiofiles/"+rule+".yml") {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, objects.File{Name: path, Data: data})
	}
	list, err := objects.Parse(files, "istio-tutorial", false)
	if err != nil {
		b.Fatal(err)
	}
	set, _, err := objects.Set{}.Change(objects.Create, list, time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	t := set.Expected()
	for i, instance := range t.Instances {
		for _, line := range lines {
			if e, err := envoy.ParseEntry(line); err == nil && strings.HasPrefix(e.Upstream, instance.Workload.Name) {
				t.Instances[i].Name.Name = e.Upstream
			}
		}
	}
	return set.Mesh(t)
}
