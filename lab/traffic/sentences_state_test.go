package traffic_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/draw"
	"istio-tutorial/lab/traffic/rulebook"
)

// TestFullness says how full a circuit was that took no more calls.
func TestFullness(t *testing.T) {
	t.Parallel()
	one, two := 1, 2
	for want, limits := range map[string]mesh.Limits{
		"was full (1 of 1 connection + 2 of 2 waiting requests).": {Connections: &one, Pending: &two},
		"was full (1 of 1 waiting request).":                      {Pending: &one},
		"was full (2 of 2 requests).":                             {Requests: &two},
		// Either may have been reached.
		"was full (at most 1 waiting request and 2 requests).": {Pending: &one, Requests: &two},
		"was full.": {},
	} {
		m := chain()
		m.Sidecars[1].Outbound.Clusters[0].Policy.Limits = limits
		words := explained(t, rulebook.Version{Mesh: m}, hop{status: 503, flags: "UO", details: "upstream_reset_before_response_started{overflow}"})
		if !strings.HasSuffix(words, want) {
			t.Errorf("%q, want %q", words, want)
		}
	}
}

// explained are the words about a request whose last call ended so.
func explained(t *testing.T, v rulebook.Version, last hop) string {
	t.Helper()
	c := &clock{}
	s := traffic.New(c.now)
	t.Cleanup(s.Close)
	v.Find = func(rulebook.Question) (rulebook.Rule, bool) { return rulebook.Rule{}, false }
	s.Begin(v, true)(true)
	c.pass(10 * time.Millisecond)
	take(s, c, whole("state", 503, last)...)
	return over(t, s, "state").Words
}

// TestUnready says how the pods were that were not there to ask.
func TestUnready(t *testing.T) {
	t.Parallel()
	unready := map[mesh.Name]string{name("recommendation-1"): "is starting"}
	for _, w := range []struct {
		flags, details, want string
		ready, none          bool
	}{
		{flags: "UH", details: "no_healthy_upstream", want: "none is ready (recommendation-1 is starting)."},
		{flags: "UH", details: "no_healthy_upstream", want: "none is ready (there is none).", none: true},
		{flags: "UF", details: "upstream_reset_before_response_started{connection_failure}", want: "the connection.", ready: true},
	} {
		m := chain()
		m.Instances[2].Ready = w.ready
		if w.none {
			m.Instances = m.Instances[:2]
		}
		v := rulebook.Version{Mesh: m}
		if !w.ready {
			v.Unready = unready
		}
		if words := explained(t, v, hop{status: 503, flags: w.flags, details: w.details}); !strings.HasSuffix(words, w.want) {
			t.Errorf("%q, want %q", words, w.want)
		}
	}
}

// TestTokens says until when one has to wait for a token.
func TestTokens(t *testing.T) {
	t.Parallel()
	for want, limit := range map[string]mesh.RateLimit{
		"(1 token in 5s; the next by ":            {Tokens: 1},
		"(3 tokens, 1 more each 5s; the next by ": {Tokens: 3, LimitDetails: mesh.LimitDetails{Refill: 1}},
		"its tokens were spent.":                  {Tokens: 3, LimitDetails: mesh.LimitDetails{Special: []mesh.SpecialTokens{{Tokens: 1}}}},
	} {
		limit.Interval, limit.Callers = 5*time.Second, mesh.Callers{Workloads: []mesh.Name{name("preference")}}
		m := chain()
		m.Sidecars[2].Inbound.Limits = []mesh.RateLimit{limit}
		c := &clock{}
		s := traffic.New(c.now)
		t.Cleanup(s.Close)
		s.Begin(rulebook.Version{Mesh: m, Find: func(rulebook.Question) (rulebook.Rule, bool) { return rulebook.Rule{}, false }}, true)(true)
		c.pass(10 * time.Millisecond)
		hops := whole("spent", 503, hop{status: 429})
		hops[0].flags, hops[0].details = "RL", "request_rate_limited"
		take(s, c, hops...)
		r := over(t, s, "spent")
		if r.Cause != cause.RateLimited || !strings.Contains(r.Words, want) {
			t.Errorf("%s: %q, want %q", r.Cause, r.Words, want)
		}
		next := c.now().Add(5*time.Second + 4*time.Millisecond).Local().Format("15:04:05.000") // as preference called
		if strings.Contains(want, "next") && !strings.Contains(r.Words, next) {
			t.Errorf("%q, want %s", r.Words, next)
		}
	}
}

// TestCopies counts mirrored calls by themselves, whether their entry comes before that of their call or
// after it, and each once.
func TestCopies(t *testing.T) {
	t.Parallel()
	m := chain()
	labels := mesh.Labels{"app": "recommendation", "version": "v2"}
	m.Instances = append(m.Instances, mesh.Instance{
		Name: name("copy-1"), Workload: name("copy"), Labels: labels, Ready: true, Addresses: map[int]string{8080: "127.0.0.1:2"},
	})
	to := &m.Sidecars[1].Outbound.Hosts[0].Routes[0]
	to.Mirrors = []mesh.Mirror{{Cluster: mesh.Cluster{Host: hostOf("recommendation"), Port: 8080, Labels: labels}}}
	c := &clock{}
	s := traffic.New(c.now)
	t.Cleanup(s.Close)
	find := func(q rulebook.Question) (rulebook.Rule, bool) {
		return rulebook.Rule{Name: string(q.Part)}, q.Part == rulebook.PartMirror || q.Part == rulebook.PartRoute
	}
	s.Begin(rulebook.Version{Mesh: m, Find: find}, true)(true)
	c.pass(10 * time.Millisecond)
	for i := range 6 {
		id := fmt.Sprintf("m-%d", i)
		copied := hop{id: id, pod: "copy-1", from: ns + "/preference", at: 5 * time.Millisecond, took: time.Millisecond, status: 200 + i/4*303}
		hops := whole(id, 200, hop{status: 200})
		if i%2 == 0 {
			take(s, c, append([]hop{copied}, hops...)...)
		} else {
			take(s, c, append(hops, copied)...)
		}
	}
	labtest.Until(t, func() error {
		for _, span := range traffic.Spans() {
			table := s.Table(span)
			if len(table.Copies) != 1 || table.Copies[0].Requests != 6 || table.Copies[0].Failed != 2 ||
				table.Copies[0].Edge != (traffic.Edge{From: "preference", To: "copy"}) || len(table.Rows) != 3 {
				return fmt.Errorf("%s: %+v", span, table)
			}
		}
		return nil
	})
	for name, picture := range map[string]string{
		"mermaid": draw.Mermaid(s.Table(traffic.Minute)), "dot": draw.Dot(s.Table(traffic.Minute)), "svg": draw.SVG(s.Table(traffic.Minute)),
	} {
		if !regexp.MustCompile(`copies, \d+\.\d/s, 2 failed`).MatchString(picture) {
			t.Errorf("%s: %s", name, picture)
		}
	}
	if r := await(t, s, traffic.Query{ID: "m-0"}, 1)[0]; r.Rule == nil || r.Rule.Name != string(rulebook.PartMirror) {
		t.Errorf("the rule of a mirrored call: %+v", r.Rule)
	}
	s.Begin(rulebook.Version{Mesh: m, Find: find}, true)(true)
	if copies := s.Table(traffic.SinceChange).Copies; len(copies) != 0 {
		t.Errorf("since another change: %+v", copies)
	}
}

// TestHalfWay holds what is half-way between two rates to how the page's language rounds.
func TestHalfWay(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]string{0: "0.0/s", 1.25: "1.3/s", 1.75: "1.8/s", 1.2: "1.2/s", 0.015625: "0.02/s", 0.04: "0.04/s"} {
		if got := traffic.PerSecond(rate); got != want {
			t.Errorf("%v: %s, want %s", rate, got, want)
		}
	}
}
