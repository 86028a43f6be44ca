package traffic_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"
)

const ns = "istio-tutorial"

func name(n string) mesh.Name { return mesh.Name{Namespace: ns, Name: n} }

// chain is the tutorial's mesh with one route, that of recommendation to v1.
func chain() mesh.Mesh {
	m := mesh.Mesh{Gateway: outbound("customer", "ingress")}
	for _, app := range []string{"customer", "preference", "recommendation"} {
		labels := mesh.Labels{"app": app, "version": "v1"}
		m.Workloads = append(m.Workloads, mesh.Workload{Name: name(app), Labels: labels})
		m.Instances = append(m.Instances, mesh.Instance{
			Name: name(app + "-1"), Workload: name(app), Labels: labels, Ready: true,
			Addresses: map[int]string{8080: "127.0.0.1:1"},
		})
		m.Services = append(m.Services, mesh.Service{
			Name: name(app), Selector: mesh.Labels{"app": app},
			Ports: []mesh.ServicePort{{Number: 8080}},
		})
	}
	m.Sidecars = []mesh.Sidecar{
		{Workload: name("customer"), Outbound: outbound("preference", "default-route")},
		{Workload: name("preference"), Outbound: outbound("recommendation", "recommendation-default")},
		{Workload: name("recommendation")},
	}
	return m
}

func hostOf(app string) string { return app + "." + ns + ".svc.cluster.local" }

func outbound(app, from string) mesh.Outbound {
	c := mesh.Cluster{Host: hostOf(app), Port: 8080}
	return mesh.Outbound{
		Hosts: []mesh.VirtualHost{{Names: []string{app}, Port: 8080, Routes: []mesh.Route{{
			From: from, Destinations: []mesh.Destination{{Cluster: c, Weight: 100}},
		}}}},
		Clusters: []mesh.Upstream{{Cluster: c}},
	}
}

// clock is moved by hand.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(1_700_000_000, c.Load()).UTC() }

func (c *clock) pass(d time.Duration) { c.Add(int64(d)) }

func newStore(t *testing.T) (*traffic.Store, *clock) {
	t.Helper()
	c := &clock{}
	s := traffic.New(c.now)
	t.Cleanup(s.Close)
	find := func(q rulebook.Question) (rulebook.Rule, bool) {
		return rulebook.Rule{Kind: "RouteRule", Name: q.From, File: q.From + ".yml", Line: 7}, q.From != "ingress"
	}
	s.Begin(rulebook.Version{Mesh: chain(), Of2018: true, Find: find}, true)(true)
	c.pass(10 * time.Millisecond)
	return s, c
}

// hop is an entry of a proxy.
type hop struct {
	id, pod, to       string // to is "": inbound
	at, took          time.Duration
	status            int
	flags, details    string
	route, host, from string
	left              bool // its caller did not wait for the answer
}

func (h hop) line(c *clock) []byte {
	e := envoy.Entry{Access: envoy.Access{
		Time: c.now().Add(h.at), Pod: ns + "/" + h.pod, Direction: envoy.Inbound, Route: h.from,
		Method: "GET", Path: "/", Status: h.status, Flags: "-", Details: "via_upstream", Attempts: 1,
		Duration: int(h.took.Milliseconds()), Request: h.id,
	}}
	e.Insight.Host, e.Insight.Client = h.host, "127.0.0.1:5"
	if h.pod == "ingress" {
		e.Pod = "ingress"
	}
	if h.flags != "" {
		e.Flags, e.Details, e.Attempts = h.flags, h.details, 0
	}
	if h.left {
		e.Flags, e.Details, e.Status = "DC", "downstream_remote_disconnect", 0
	}
	if h.to != "" {
		e.Direction, e.Route = envoy.Outbound, h.route
		e.Cluster = "outbound|8080||" + hostOf(h.to) + "@" + e.Pod
		if h.flags == "" {
			e.Upstream = h.to + "-1"
		}
	}
	line, _ := json.Marshal(e) // it is plain data
	return line
}

// whole is a request through the chain, as the proxies log it: inner calls first.
func whole(id string, status int, last hop) []hop {
	ms := time.Millisecond
	last.id, last.pod, last.to, last.at, last.took = id, "preference-1", "recommendation", 4*ms, 2*ms
	last.route, last.host = "recommendation-default", "recommendation:8080"
	list := []hop{last}
	if last.flags == "" {
		list = append([]hop{{id: id, pod: "recommendation-1", from: ns + "/preference", at: 5 * ms, took: ms, status: last.status}}, list...)
	}
	return append(list,
		hop{id: id, pod: "preference-1", from: ns + "/customer", at: 3 * ms, took: 5 * ms, status: status},
		hop{id: id, pod: "customer-1", to: "preference", host: "preference:8080", route: "default-route", at: 2 * ms, took: 7 * ms, status: status},
		hop{id: id, pod: "customer-1", from: "others", at: ms, took: 9 * ms, status: status},
		hop{id: id, pod: "ingress", to: "customer", host: "customer:8080", route: "ingress", took: 11 * ms, status: status},
	)
}

func take(s *traffic.Store, c *clock, hops ...hop) {
	for _, h := range hops {
		s.Take(h.line(c))
	}
}

// await returns what a query picks once there are so many.
func await(t *testing.T, s *traffic.Store, q traffic.Query, n int) (list []*traffic.Request) {
	t.Helper()
	labtest.Until(t, func() error {
		if list = s.Requests(q); len(list) != n {
			return fmt.Errorf("%d requests, want %d", len(list), n)
		}
		return nil
	})
	return list
}

// over is a request that whole made, once its last entry is read.
func over(t *testing.T, s *traffic.Store, id string) *traffic.Request {
	t.Helper()
	var r *traffic.Request
	labtest.Until(t, func() error {
		list := s.Requests(traffic.Query{ID: id})
		if len(list) != 1 || list[0].Calls[0].From.Workload != "ingress" {
			return fmt.Errorf("%d requests", len(list))
		}
		r = list[0]
		return nil
	})
	return r
}

func TestJoin(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	take(s, c, whole("good", 200, hop{status: 200})...)
	r := over(t, s, "good")
	var edges []string
	for _, call := range r.All() {
		edges = append(edges, call.From.Workload+">"+call.To.Workload)
	}
	if got := strings.Join(edges, " "); got != "ingress>customer customer>preference preference>recommendation" {
		t.Errorf("calls %s", got)
	}
	if r.Cause != cause.Answered || r.Author() != "program of recommendation" || r.Rule == nil ||
		r.Rule.File != "recommendation-default.yml" || len(r.Notes) > 0 {
		t.Errorf("%+v", r)
	}
}

// untrusted is Envoy's word for a certificate that no known authority has signed.
const untrusted = "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end"

// TestNoTLS has the words say what was wrong with a certificate, and what Envoy called it.
func TestNoTLS(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	take(s, c, whole("tls", 503, hop{status: 503, flags: "UF", details: "upstream_reset_before_response_started{connection_failure|" + untrusted + "}"})...)
	const want = "had no TLS with recommendation: no authority that is believed has signed its certificate. " +
		"Envoy says: CERTIFICATE VERIFY FAILED."
	if got := over(t, s, "tls").Words; !strings.Contains(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestDelay has a call of 2 ms held back by one of two faults: a timer may end early, so one of them it was.
func TestDelay(t *testing.T) {
	t.Parallel()
	for want, second := range map[string]time.Duration{"back for 1ms:": time.Millisecond, "back for 7s:": 7 * time.Second} {
		s, c := newStore(t)
		m := chain()
		to := &m.Sidecars[1].Outbound.Hosts[0].Routes[0].Destinations[0]
		for _, d := range []time.Duration{9 * time.Second, second} {
			to.Faults = append(to.Faults, mesh.Fault{From: "slow", Delay: &mesh.Delay{Percent: 100, Time: d}})
		}
		s.Begin(rulebook.Version{Mesh: m, Find: func(rulebook.Question) (rulebook.Rule, bool) { return rulebook.Rule{}, false }}, true)(true)
		c.pass(10 * time.Millisecond)
		take(s, c, whole("late", 200, hop{status: 200, flags: "DI", details: "via_upstream"})...)
		if r := over(t, s, "late"); r.Cause != cause.Delayed || !strings.Contains(r.Words, want) {
			t.Errorf("%s: %q, want %q", r.Cause, r.Words, want)
		}
	}
}

// TestCauses has the proxy before recommendation end calls in each of its ways.
func TestCauses(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	for i, w := range []struct {
		flags, details string
		cause          cause.Cause
		author         string
	}{
		{"FI", "fault_filter_abort", cause.Aborted, "sidecar of preference"},
		{"UT", "response_timeout", cause.RouteTimeout, "sidecar of preference"},
		{"UT", "upstream_per_try_timeout", cause.TryTimeout, "sidecar of preference"},
		{"UO", "upstream_reset_before_response_started{overflow}", cause.CircuitFull, "sidecar of preference"},
		{"UH", "no_healthy_upstream", cause.NoPod, "sidecar of preference"},
		{"NC", "cluster_not_found", cause.NoCluster, "sidecar of preference"},
		{"UF", "upstream_reset_before_response_started{connection_failure}", cause.Refused, "sidecar of preference"},
		{"UC", "upstream_reset_before_response_started{connection_termination}", cause.Reset, "sidecar of preference"},
		{"UF", "upstream_reset_before_response_started{connection_failure|" + untrusted + "}", cause.NotSecured, "sidecar of preference"},
		{"DC", "downstream_remote_disconnect", cause.GaveUp, "nobody"},
		{"ZZ", "no_such_thing", cause.Unexplained, "sidecar of preference"},
	} {
		id := fmt.Sprintf("%d-cause", i)
		take(s, c, whole(id, 503, hop{status: 503, flags: w.flags, details: w.details})...)
		r := over(t, s, id)
		if r.Cause != w.cause || r.Author() != w.author || r.Words == "" {
			t.Errorf("%s %s: %s by %s: %s", w.flags, w.details, r.Cause, r.Author(), r.Words)
		}
	}
	take(s, c, whole("own", 503, hop{status: 503})...)
	if r := over(t, s, "own"); r.Cause != cause.ProgramError || r.Author() != "program of recommendation" {
		t.Errorf("an error of its own: %s by %s", r.Cause, r.Author())
	}
}

// TestNotNested has two calls of one id, of which none led to the other, and one under way.
func TestNotNested(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	call := hop{id: "twice", pod: "customer-1", to: "preference", host: "preference:8080", route: "default-route", status: 200}
	later := call
	later.at = time.Second
	take(s, c, call, later)
	r := await(t, s, traffic.Query{ID: "twice"}, 1)[0]
	if notes := strings.Join(r.Notes, "; "); len(r.Calls) != 2 ||
		!strings.Contains(notes, "none led to the other") || !strings.Contains(notes, "customer began this request itself") {
		t.Errorf("%d calls: %s", len(r.Calls), notes)
	}
	take(s, c, hop{id: "open", pod: "customer-1", from: "others", status: 200})
	r = await(t, s, traffic.Query{ID: "open"}, 1)[0]
	if !r.Calls[0].Open || !strings.Contains(strings.Join(r.Notes, "; "), "still under way") {
		t.Errorf("%+v: %s", r.Calls[0], r.Notes)
	}
	if list := s.Requests(traffic.Query{}); len(list) != 0 {
		t.Errorf("%d requests are over, want none", len(list))
	}
}

// TestBounded sends more than is kept: the first of a rare kind stays for five minutes.
// TestGaveUp has the client go before its answer: each proxy ends its call, one after the other.
func TestGaveUp(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	hops := whole("gone", 0, hop{})
	for i := range hops {
		hops[i].left = true
	}
	slices.Reverse(hops)
	take(s, c, hops...)
	labtest.Until(t, func() error {
		r := await(t, s, traffic.Query{ID: "gone"}, 1)[0]
		if len(r.Calls) != 1 || len(r.All()) != 3 || r.Cause != cause.GaveUp || len(r.Notes) > 0 {
			return fmt.Errorf("%d calls, %d of them first; %s; %q", len(r.All()), len(r.Calls), r.Cause, r.Notes)
		}
		return nil
	})
}

// TestUnderWay has parts of a request logged long before its own answer, as under heavy load.
func TestUnderWay(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	slow := whole("slow", 200, hop{status: 200})
	slow[len(slow)-1].took = 2 * time.Second
	take(s, c, slow...)
	over(t, s, "slow")
	parts, rest := whole("late", 200, hop{status: 200}), [][]byte{}
	for _, h := range parts[4:] {
		rest = append(rest, h.line(c)) // it begins now
	}
	take(s, c, parts[:4]...)
	labtest.Until(t, func() error {
		if got := await(t, s, traffic.Query{ID: "late"}, 1)[0]; got.Calls[0].From.Workload != "customer" {
			return fmt.Errorf("from %s", got.Calls[0].From.Workload)
		}
		return nil
	})
	c.pass(time.Second)
	if list := s.Requests(traffic.Query{}); len(list) != 1 || list[0].ID != "slow" {
		t.Errorf("%d requests, though a part may be one of a slow request", len(list))
	}
	c.pass(5 * time.Second)
	await(t, s, traffic.Query{}, 2)
	for _, line := range rest {
		s.Take(line)
	}
	if r := over(t, s, "late"); len(r.All()) != 3 || len(r.Notes) > 0 {
		t.Errorf("%d calls, notes %v", len(r.All()), r.Notes)
	}
}

func TestBounded(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	take(s, c, whole("rare", 503, hop{status: 503, flags: "UO", details: "overflow"})...)
	const many = 2500
	for i := range many {
		take(s, c, whole(fmt.Sprintf("id-%d", i), 200, hop{status: 200})...)
		if i%500 == 499 { // so that none is dropped
			await(t, s, traffic.Query{ID: fmt.Sprintf("id-%d", i)}, 1)
		}
	}
	kept := s.Requests(traffic.Query{})
	if len(kept) < 2000 || len(kept) > 2010 {
		t.Errorf("%d requests are kept", len(kept))
	}
	if r := await(t, s, traffic.Query{ID: "rare"}, 1)[0]; r.Cause != cause.CircuitFull {
		t.Errorf("the rare one: %s", r.Cause)
	}
	if failed := s.Requests(traffic.Query{Failed: true, Last: 1}); len(failed) != 1 || failed[0].ID != "rare" {
		t.Errorf("the last that failed: %+v", failed)
	}
	c.pass(6 * time.Minute)
	await(t, s, traffic.Query{ID: "rare"}, 0)
}

func TestWindows(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	for i := range 10 {
		last := hop{status: 200}
		if i%2 == 0 {
			last = hop{status: 503, flags: "FI", details: "fault_filter_abort"}
		}
		take(s, c, whole(fmt.Sprintf("w-%d", i), 200, last)...)
		await(t, s, traffic.Query{ID: fmt.Sprintf("w-%d", i)}, 1)
	}
	labtest.Until(t, func() error {
		if rows := s.Table(traffic.Minute).Rows; len(rows) != 3 || rows[0].Requests != 10 {
			return fmt.Errorf("%+v", rows)
		}
		return nil
	})
	rows := s.Table(traffic.TenSeconds).Rows
	last := rows[len(rows)-1]
	if rows[0].From != "ingress" || last.To != "recommendation" || last.Requests != 10 || last.Errors != 5 ||
		last.Share != 100 || last.Causes[cause.Aborted] != 5 || last.P50 < 1.8 || last.P50 > 2.2 {
		t.Errorf("%+v", rows)
	}
	c.pass(20 * time.Second)
	if rows := s.Table(traffic.TenSeconds).Rows; len(rows) != 0 {
		t.Errorf("after 20 s: %+v", rows)
	}
	if rows := s.Table(traffic.SinceChange).Rows; len(rows) != 3 {
		t.Errorf("since the change: %+v", rows)
	}
	find := func(rulebook.Question) (rulebook.Rule, bool) { return rulebook.Rule{}, false }
	s.Begin(rulebook.Version{Mesh: chain(), Find: find}, true)(true)
	if rows := s.Table(traffic.SinceChange).Rows; len(rows) != 0 {
		t.Errorf("since another change: %+v", rows)
	}
	if rows := s.Table(traffic.Minute).Rows; len(rows) != 3 {
		t.Errorf("a change has emptied the minute: %+v", rows)
	}
}

// TestOverload has more lines come than are read: they are dropped, counted, and nobody waits.
func TestOverload(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	var held atomic.Bool
	s := traffic.New(func() time.Time {
		if held.Load() {
			<-stuck
		}
		return time.Unix(1_700_000_000, 0)
	})
	defer s.Close()
	held.Store(true) // every line that is read asks for the time
	c := &clock{}
	c.pass(time.Hour)
	line := hop{id: "x", pod: "ingress", to: "customer"}.line(c)
	const lines = 20_000
	for range lines {
		s.Take(line)
	}
	close(stuck)
	if dropped := s.Dropped(); dropped == 0 || dropped >= lines {
		t.Errorf("%d lines were dropped", dropped)
	}
	if got := s.Table(traffic.Minute).Dropped; got != s.Dropped() {
		t.Errorf("the table says %d", got)
	}
}

// TestRoundTrip has a pod's own request come back to it before a millisecond is over.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, back := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond} {
		s, c := newStore(t)
		const id = "round"
		ms := time.Millisecond
		take(s, c,
			hop{id: id, pod: "recommendation-1", from: ns + "/preference", at: back, status: 200},
			hop{id: id, pod: "preference-1", to: "recommendation", host: "recommendation:8080", route: "recommendation-default", at: back, took: ms, status: 200},
			hop{id: id, pod: "preference-1", from: ns + "/recommendation", took: back + ms, status: 200},
			hop{id: id, pod: "recommendation-1", to: "preference", host: "preference:8080", route: "default-route", took: back + 2*ms, status: 200},
		)
		c.pass(time.Second)
		labtest.Until(t, func() error { // its entries are read one after the other
			var edges []string
			for _, call := range await(t, s, traffic.Query{ID: id}, 1)[0].All() {
				edges = append(edges, call.From.Workload+">"+call.To.Workload)
			}
			if got := strings.Join(edges, " "); got != "recommendation>preference preference>recommendation" {
				return fmt.Errorf("back after %v: calls %s", back, got)
			}
			return nil
		})
	}
}
