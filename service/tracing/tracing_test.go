package tracing_test

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"istio-tutorial/service/servicetest"
	"istio-tutorial/service/setting"
	"istio-tutorial/service/tracing"
)

const (
	trace  = "80f198ee56343ba864fe8b2a57d3eff7"
	short  = "64fe8b2a57d3eff7"
	caller = "e457b5a2e4d86bd1"
)

// open makes a tracer from the environment, as a program does.
func open(env map[string]string) (tracing.Tracer, *servicetest.Buffer, error) {
	var c tracing.Settings
	set := setting.New("customer", func(name string) string { return env[name] })
	c.Declare(set, "customer")
	if _, err := set.Parse(nil); err != nil {
		return tracing.Tracer{}, nil, err
	}
	l := &servicetest.Buffer{}
	tracer, err := tracing.New(c, slog.New(slog.NewTextHandler(l, nil)))
	return tracer, l, err
}

// tracers returns the ways to report to a backend at the address, by name.
func tracers(address string) map[string]map[string]string {
	return map[string]map[string]string{
		"jaeger": {"TRACING": "jaeger", "JAEGER_ENDPOINT": address + "/api/traces"},
		"zipkin": {"TRACING": "zipkin", "ZIPKIN_URL": address + "/api/v2/spans"},
	}
}

// pass has a request with the headers pass through the tracer, and returns the headers of the
// next hop's request and the trace's id.
func pass(tracer tracing.Tracer, in http.Header) (http.Header, string) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header = in
	r, server := tracer.Server(r, "GET /")
	out := httptest.NewRequest(http.MethodGet, "http://preference:8080/", nil)
	client := tracer.Calls("preference", out.URL).Begin(r, out)
	client.End(http.StatusServiceUnavailable, true)
	server.End(http.StatusServiceUnavailable, true)
	return out.Header, server.TraceID()
}

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestOffPassesOn(t *testing.T) {
	t.Parallel()
	tracer, _, err := open(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := headers("X-Request-Id", "r", "X-B3-Traceid", trace, "X-B3-Spanid", caller,
		"X-B3-Parentspanid", "p", "X-B3-Sampled", "1", "X-B3-Flags", "1", "X-Ot-Span-Context", "o",
		"B3", "0", "Traceparent", "t", "Tracestate", "a=1", "Tracestate", "b=2", "Baggage", "k=v")
	in := want.Clone()
	in.Set("Cookie", "c")
	got, id := pass(tracer, in)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if id != trace {
		t.Errorf("the trace is %q, want %q", id, trace)
	}
	if err := tracer.Close(); err != nil {
		t.Error(err)
	}
}

func TestJoins(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(backend.Close)
	for name, env := range tracers(backend.URL) {
		tracer, _, err := open(env)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tracer.Close() })
		for _, c := range []struct {
			name        string
			in          http.Header
			id, sampled string // id is empty for one of its own
		}{
			{"nothing", headers(), "", "1"},
			{"b3", headers("X-B3-Traceid", trace, "X-B3-Spanid", caller, "X-B3-Sampled", "1"), trace, "1"},
			{"b3 of 64 bits", headers("X-B3-Traceid", short, "X-B3-Spanid", caller, "X-B3-Sampled", "1"), short, "1"},
			{"b3 not sampled", headers("X-B3-Traceid", trace, "X-B3-Spanid", caller, "X-B3-Sampled", "0"), trace, "0"},
			{"b3 undecided", headers("X-B3-Traceid", trace, "X-B3-Spanid", caller), trace, "1"},
			{"b3, debugging", headers("X-B3-Traceid", trace, "X-B3-Spanid", caller, "X-B3-Flags", "1"), trace, "1"},
			{"single", headers("B3", trace+"-"+caller+"-1"), trace, "1"},
			{"single not sampled", headers("B3", trace+"-"+caller+"-0"), trace, "0"},
			{"single, only a no", headers("B3", "0"), "", "0"},
			{"only a no", headers("X-B3-Sampled", "0"), "", "0"},
			{"w3c", headers("Traceparent", "00-"+trace+"-"+caller+"-01"), trace, "1"},
			{"w3c not sampled", headers("Traceparent", "00-"+trace+"-"+caller+"-00"), trace, "0"},
			{"all", headers("X-B3-Traceid", trace, "X-B3-Spanid", caller, "X-B3-Sampled", "1",
				"B3", short+"-"+caller, "Traceparent", "00-"+trace+"-"+caller+"-00"), trace, "1"},
			{"bad", headers("X-B3-Traceid", "bad", "X-B3-Spanid", caller, "B3", "bad", "Traceparent", "bad"), "", "1"},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				in := c.in.Clone()
				in.Set("X-Request-Id", "r")
				out, id := pass(tracer, in)
				checkJoined(t, c.in, out, id, c.sampled)
				if c.id != "" && id != c.id {
					t.Errorf("the trace is %s, want %s", id, c.id)
				}
			})
		}
	}
}

// checkJoined holds that all of the outgoing forms name the same new span of the trace, and
// that there is no form that the caller did not use, but for the several headers of B3.
func checkJoined(t *testing.T, in, out http.Header, id, sampled string) {
	t.Helper()
	span := out.Get("X-B3-Spanid")
	if out.Get("X-B3-Traceid") != id || id == "" || len(span) != 16 || span == caller {
		t.Errorf("no new span of trace %q: %v", id, out)
	}
	if out.Get("X-B3-Sampled") != sampled {
		t.Errorf("sampled is %q, want %q", out.Get("X-B3-Sampled"), sampled)
	}
	if parent := out.Get("X-B3-Parentspanid"); len(parent) != 16 || parent == caller || parent == span {
		t.Errorf("the parent is %q, and should be the span of the service", parent)
	}
	want := headers("X-Request-Id", "r", "X-B3-Traceid", id, "X-B3-Spanid", span,
		"X-B3-Sampled", sampled, "X-B3-Parentspanid", out.Get("X-B3-Parentspanid"))
	if in.Get("B3") != "" {
		want.Set("B3", id+"-"+span+"-"+sampled)
	}
	if in.Get("Traceparent") != "" {
		want.Set("Traceparent", fmt.Sprintf("00-%032s-%s-0%s", id, span, sampled))
	}
	if flags := in.Get("X-B3-Flags"); flags != "" {
		want.Set("X-B3-Flags", flags)
	}
	if !maps.EqualFunc(out, want, func(a, b []string) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("got %v, want %v", out, want)
	}
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"TRACING": "dapper"}, `TRACING: "dapper": not one of off, jaeger, zipkin`},
		{map[string]string{"ZIPKIN_URL": "zipkin:9411"}, `ZIPKIN_URL: "zipkin:9411": not an http or https address`},
		{map[string]string{"JAEGER_AGENT_PORT": "udp"}, `JAEGER_AGENT_PORT: "udp": not a port`},
		{map[string]string{"JAEGER_SAMPLER_PARAM": "all"}, `JAEGER_SAMPLER_PARAM: "all": not a number`},
		{map[string]string{"TRACING": "jaeger", "JAEGER_SAMPLER_TYPE": "probabilistic", "JAEGER_SAMPLER_PARAM": "2"},
			"invalid Param for probabilistic sampler"},
	} {
		if _, _, err := open(c.env); err == nil || !strings.HasPrefix(fmt.Sprint(err), c.want) {
			t.Errorf("%v: got %v, want %s", c.env, err, c.want)
		}
	}
}

func TestJaegerDisabled(t *testing.T) {
	t.Parallel()
	for disabled, traced := range map[string]bool{"true": false, "false": true} {
		tracer, _, err := open(map[string]string{"TRACING": "jaeger", "JAEGER_DISABLED": disabled})
		if err != nil {
			t.Fatal(err)
		}
		out, _ := pass(tracer, http.Header{})
		if got := out.Get("X-B3-TraceId") != ""; got != traced {
			t.Errorf("JAEGER_DISABLED=%s: traced %v", disabled, got)
		}
		_ = tracer.Close()
	}
}
