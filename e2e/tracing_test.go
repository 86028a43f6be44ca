package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/backend"
	"istio-tutorial/e2e/chain"
)

// The spans of a request, from parent to child.
const (
	wholeChain = "customer server, customer client, preference server, preference client, " +
		"recommendation server"
	failedChain = "customer server!, customer client!, preference server!, preference client!"
	misbehaved  = failedChain + ", recommendation server!"
)

// The ids of the callers in the tests.
const (
	longTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	shortTrace = "a3ce929d0e0e4736"
	callerSpan = "00f067aa0ba902b7"
)

// caller is a request to customer, and what of it must be in the backend.
type caller struct {
	name    string   // its User-Agent
	headers []string // names and values
	trace   string   // the trace that it brings. Optional.
	parent  string   // the span that it brings. Optional.
	dropped bool     // it is not to be traced
}

// callers returns those of every kind that customer must join. Ids differ in their first digits.
func callers() []caller {
	b3 := func(trace, sampled string) []string {
		headers := []string{"X-B3-TraceId", trace, "X-B3-SpanId", callerSpan}
		if sampled != "" {
			headers = append(headers, "X-B3-Sampled", sampled)
		}
		return headers
	}
	return []caller{
		{name: "nobody"},
		{name: "nobody-again"},
		{name: "b3", headers: b3("01"+longTrace[2:], "1"), trace: "01" + longTrace[2:], parent: callerSpan},
		{name: "b3-short", headers: b3("02"+shortTrace[2:], "1"),
			trace: "02" + shortTrace[2:], parent: callerSpan},
		{name: "b3-undecided", headers: b3("03"+longTrace[2:], ""),
			trace: "03" + longTrace[2:], parent: callerSpan},
		{name: "b3-no", headers: b3("04"+longTrace[2:], "0"), trace: "04" + longTrace[2:], dropped: true},
		{name: "b3-debug", headers: append(b3("05"+longTrace[2:], ""), "X-B3-Flags", "1"),
			trace: "05" + longTrace[2:], parent: callerSpan},
		{name: "single", headers: []string{"b3", "06" + longTrace[2:] + "-" + callerSpan + "-1"},
			trace: "06" + longTrace[2:], parent: callerSpan},
		{name: "single-undecided", headers: []string{"b3", "07" + shortTrace[2:] + "-" + callerSpan},
			trace: "07" + shortTrace[2:], parent: callerSpan},
		{name: "single-no", headers: []string{"b3", "08" + longTrace[2:] + "-" + callerSpan + "-0"},
			trace: "08" + longTrace[2:], dropped: true},
		{name: "single-only-no", headers: []string{"b3", "0"}, dropped: true},
		{name: "w3c", headers: []string{"traceparent", "00-09" + longTrace[2:] + "-" + callerSpan + "-01"},
			trace: "09" + longTrace[2:], parent: callerSpan},
		{name: "w3c-no", headers: []string{"traceparent", "00-0a" + longTrace[2:] + "-" + callerSpan + "-00"},
			trace: "0a" + longTrace[2:], dropped: true},
		{name: "garbage", headers: []string{"traceparent", "00-xyz", "b3", "-", "X-B3-TraceId", "12"}},
	}
}

// Jaeger's all-in-one takes what both tracers report.
func TestTracesInJaeger(t *testing.T) {
	t.Parallel()
	need(t, "jaeger")
	for name, settings := range map[string]func(agent, collector, zipkin chain.Env) chain.Settings{
		"jaeger over UDP":  func(agent, _, _ chain.Env) chain.Settings { return chain.Settings{All: agent} },
		"jaeger over HTTP": func(_, collector, _ chain.Env) chain.Settings { return chain.Settings{All: collector} },
		"zipkin":           func(_, _, zipkin chain.Env) chain.Settings { return chain.Settings{All: zipkin} },
		"mixed": func(agent, collector, zipkin chain.Env) chain.Settings {
			return chain.Settings{Customer: agent, Preference: zipkin, Recommendation: collector}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := backend.StartJaeger(t)
			holdTraces(t, j, settings(toAgent(t, j), toCollector(j), toZipkin(j.Zipkin)))
		})
	}
}

func TestTracesInZipkin(t *testing.T) {
	t.Parallel()
	need(t, "zipkin")
	z := backend.StartZipkin(t)
	holdTraces(t, z, chain.Settings{All: toZipkin(z.URL)})
}

func toAgent(t *testing.T, j *backend.Jaeger) chain.Env {
	t.Helper()
	host, port, err := net.SplitHostPort(j.Agent)
	if err != nil {
		t.Fatal(err)
	}
	return chain.Env{"TRACING": "jaeger", "JAEGER_AGENT_HOST": host, "JAEGER_AGENT_PORT": port}
}

func toCollector(j *backend.Jaeger) chain.Env {
	return chain.Env{"TRACING": "jaeger", "JAEGER_ENDPOINT": j.Collector}
}

func toZipkin(url string) chain.Env { return chain.Env{"TRACING": "zipkin", "ZIPKIN_URL": url} }

// holdTraces sends all requests, one after the other, and holds what the backend has of them.
func holdTraces(t *testing.T, store backend.Store, s chain.Settings) {
	c := programs().Chain(t, s)
	traces := 0
	for _, caller := range callers() {
		if got := c.Customer.Get(t, "/", append(caller.headers, "User-Agent", caller.name)...); got.Status != 200 {
			t.Fatalf("%s: got %+v", caller.name, got)
		}
		if !caller.dropped {
			traces++
			holdTrace(t, c, store, caller, wholeChain)
		}
	}
	c.Recommendation.Get(t, "/misbehave")
	c.Customer.Get(t, "/", "User-Agent", "misbehaved")
	holdTrace(t, c, store, caller{name: "misbehaved"}, misbehaved)
	c.Recommendation.Kill()
	c.Customer.Get(t, "/", "User-Agent", "no-recommendation")
	holdTrace(t, c, store, caller{name: "no-recommendation"}, failedChain)
	holdDropped(t, store)
	holdNumber(t, store, traces+2)
}

// holdTrace waits for the caller's trace, and holds its spans. The log of customer knows its id.
func holdTrace(t *testing.T, c chain.Chain, store backend.Store, caller caller, want string) {
	t.Helper()
	found, err := c.Customer.WaitLog(`"user_agent":"` + caller.name + `","trace":"([0-9a-f]+)"`)
	if err != nil {
		t.Error(err)
		return
	}
	id := found[1]
	if caller.trace != "" && strings.TrimLeft(id, "0") != strings.TrimLeft(caller.trace, "0") {
		t.Errorf("%s: joined trace %s, not %s", caller.name, id, caller.trace)
	}
	err = await.Until(await.Patience, func() error {
		trace, err := store.Trace(id)
		if err != nil {
			return err
		}
		return sameTrace(trace, want, caller.parent)
	})
	if err != nil {
		t.Errorf("%s: trace %s: %v", caller.name, id, err)
	}
}

func sameTrace(trace backend.Trace, want, parent string) error {
	line, err := trace.Line()
	if err != nil {
		return err
	}
	if line != want {
		return fmt.Errorf("the spans are %s, not %s", line, want)
	}
	status := "200"
	if strings.Contains(want, "!") {
		status = "503"
	}
	root, err := trace.Root()
	if err == nil && (root.Parent != parent || root.Status != status) {
		err = fmt.Errorf("%+v: want parent %q, status %s", root, parent, status)
	}
	return err
}

// holdDropped holds that nothing came of the requests that were not to be traced. What was
// sent after them has come, and each service sends in order.
func holdDropped(t *testing.T, store backend.Store) {
	t.Helper()
	for _, caller := range callers() {
		if !caller.dropped || caller.trace == "" {
			continue
		}
		if trace, err := store.Trace(caller.trace); err != nil || len(trace) > 0 {
			t.Errorf("%s: was traced: %v, %v", caller.name, trace, err)
		}
	}
}

// holdNumber holds that there is one trace for each request, and no other.
func holdNumber(t *testing.T, store backend.Store, want int) {
	t.Helper()
	for _, service := range []string{"customer", "preference"} {
		traces, err := store.Traces(service)
		if err != nil || len(traces) != want {
			t.Errorf("%d traces of %s, want %d (%v)", len(traces), service, want, err)
		}
	}
}
