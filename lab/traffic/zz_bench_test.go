package traffic

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

func sample(b *testing.B) (*Store, [][]byte) {
	var m mesh.Mesh
	data, _ := os.ReadFile("/tmp/page-mesh.json")
	if err := json.Unmarshal(data, &m); err != nil {
		b.Fatal(err)
	}
	data, _ = os.ReadFile("/tmp/page-lines.txt")
	lines := bytes.SplitAfter(data, []byte("\n"))
	lines = lines[len(lines)-4000 : len(lines)-1]
	var at time.Time
	at, _ = time.Parse(time.RFC3339, "2026-11-30T17:46:00Z")
	s := New(func() time.Time { return at })
	s.Begin(Version{Mesh: m, Find: func(Question) (Rule, bool) { return Rule{}, false }}, true)(true)
	at = at.Add(5*time.Second)
	return s, lines
}

func BenchmarkParse(b *testing.B) {
	_, lines := sample(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		envoy.ParseEntry(string(lines[i%len(lines)]))
	}
}

func BenchmarkTake(b *testing.B) {
	s, lines := sample(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(lines) == 0 { s.records = map[string]*record{}; s.order = nil }
		s.take(string(lines[i%len(lines)]))
	}
}

func BenchmarkRequests(b *testing.B) {
	s, lines := sample(b)
	for _, l := range lines { s.take(string(l)) }
	b.ReportAllocs()
	for b.Loop() {
		s.Requests(Query{Last: 100})
	}
}
