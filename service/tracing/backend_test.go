package tracing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"istio-tutorial/service/servicetest"
)

// TestMain has all names looked up at a server that never answers. Addresses need none.
func TestMain(m *testing.M) {
	net.DefaultResolver = &net.Resolver{PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) { select {} }}
	os.Exit(m.Run())
}

// A program starts and answers as ever, whatever the backend is like.
func TestNothingWaitsForTheBackend(t *testing.T) {
	t.Parallel()
	const gone = "http://127.0.0.1:1" // on which nobody listens
	environments := map[string]map[string]string{
		"jaeger agent refused":   {"TRACING": "jaeger", "JAEGER_AGENT_HOST": "127.0.0.1", "JAEGER_AGENT_PORT": "1"},
		"jaeger agent's name":    {"TRACING": "jaeger", "JAEGER_AGENT_HOST": "no..such.host"},
		"jaeger agent's look-up": {"TRACING": "jaeger", "JAEGER_AGENT_HOST": "jaeger-agent.test"},
		"jaeger's queue full": {"TRACING": "jaeger", "JAEGER_AGENT_HOST": "jaeger-agent.test",
			"JAEGER_REPORTER_MAX_QUEUE_SIZE": "10"},
		"jaeger's sampler": {"TRACING": "jaeger", "JAEGER_SAMPLER_TYPE": "remote",
			"JAEGER_SAMPLING_ENDPOINT": "http://jaeger.test:5778/sampling"},
		"zipkin's queue full": {"TRACING": "zipkin", "ZIPKIN_URL": "http://zipkin.test:9411/api/v2/spans",
			"JAEGER_REPORTER_MAX_QUEUE_SIZE": "10"},
		"zipkin's hurry":  {"TRACING": "zipkin", "ZIPKIN_URL": gone, "JAEGER_REPORTER_FLUSH_INTERVAL": "0s"},
		"jaeger's hurry":  {"TRACING": "jaeger", "JAEGER_ENDPOINT": gone, "JAEGER_REPORTER_FLUSH_INTERVAL": "0s"},
		"no queue at all": {"TRACING": "zipkin", "ZIPKIN_URL": gone, "JAEGER_REPORTER_MAX_QUEUE_SIZE": "0"},
	}
	addresses := map[string]string{"refused": gone, "mute": mute(t).URL, "look-up": "http://tracing.test"}
	for what, address := range addresses {
		for name, env := range tracers(address) {
			environments[name+" "+what] = env
		}
	}
	done := map[string]chan error{}
	for name, env := range environments { // at once: most take the second that Close waits
		done[name] = make(chan error, 1)
		go func(done chan<- error) { done <- work(env) }(done[name])
	}
	for name := range environments {
		if err := servicetest.Receive(t, "the end of 200 requests: "+name, done[name]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// work makes a tracer, has 200 requests pass, and closes it. What Close says is for the log.
func work(env map[string]string) error {
	tracer, _, err := open(env)
	if err != nil {
		return err
	}
	for range 200 {
		pass(tracer, headers())
	}
	_ = tracer.Close()
	return nil
}

// mute starts a backend that reads and never answers.
func mute(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections) // runs first: Close waits for the handlers
	return s
}

func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	for name := range tracers("") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, released := make(chan struct{}, 9), make(chan struct{}, 9)
			backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				asked <- struct{}{}
				<-r.Context().Done()
				released <- struct{}{}
			}))
			t.Cleanup(backend.Close)
			t.Cleanup(backend.CloseClientConnections)
			tracer, _, err := open(tracers(backend.URL)[name])
			if err != nil {
				t.Fatal(err)
			}
			pass(tracer, headers())
			servicetest.Receive(t, "the spans", asked)
			closed := make(chan error, 1)
			go func() { closed <- tracer.Close() }()
			const want = "tracing: the backend does not take the last spans"
			if err := servicetest.Receive(t, "the end of Close", closed); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if len(released) > 0 {
				t.Error("Close waited as long as the tracer's own client")
			}
		})
	}
}

func TestCloseSendsTheRest(t *testing.T) {
	t.Parallel()
	bodies := make(chan []byte, 9)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
	}))
	t.Cleanup(backend.Close)
	for name, env := range tracers(backend.URL) {
		env["JAEGER_REPORTER_FLUSH_INTERVAL"] = "1h"
		env["JAEGER_SERVICE_NAME"] = "customer-of-" + name
		tracer, _, err := open(env)
		if err != nil {
			t.Fatal(err)
		}
		pass(tracer, headers("B3", trace+"-"+caller+"-1"))
		_ = tracer.Close() // a busy machine may take longer than Close waits
		body := servicetest.Receive(t, "the spans", bodies)
		if !strings.Contains(string(body), env["JAEGER_SERVICE_NAME"]) {
			t.Errorf("%s: the spans have no service: %q", name, body)
		}
		if name == "zipkin" {
			checkSpans(t, body)
		}
	}
}

func TestJaegerSettings(t *testing.T) {
	t.Parallel()
	type report struct{ user, password, body string }
	reports := make(chan report, 9)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		reports <- report{user, password, string(body)}
	}))
	t.Cleanup(backend.Close)
	env := tracers(backend.URL)["jaeger"]
	env["JAEGER_USER"], env["JAEGER_PASSWORD"] = "me", "secret"
	env["JAEGER_TAGS"] = "zone = z-east, garbage"
	env["JAEGER_TRACEID_128BIT"] = "true"
	tracer, _, err := open(env)
	if err != nil {
		t.Fatal(err)
	}
	if _, id := pass(tracer, headers()); len(id) != 32 {
		t.Errorf("the trace's id is %s, of 128 bits", id)
	}
	_ = tracer.Close()
	got := servicetest.Receive(t, "the spans", reports)
	if got.user != "me" || got.password != "secret" || !strings.Contains(got.body, "zone") ||
		!strings.Contains(got.body, "z-east") || strings.Contains(got.body, "garbage") {
		t.Errorf("got %+v", got)
	}
}

// checkSpans holds that there are the client's span below the server's, and that below the
// caller's, both of them with the error.
func checkSpans(t *testing.T, body []byte) {
	t.Helper()
	var spans []struct {
		TraceID, ParentID, ID, Kind, Name string
		Tags                              map[string]string
	}
	if err := json.Unmarshal(body, &spans); err != nil || len(spans) != 2 {
		t.Fatalf("got %v, %s", err, body)
	}
	client, server := spans[0], spans[1]
	if client.Kind != "CLIENT" || server.Kind != "SERVER" || client.ParentID != server.ID ||
		server.ParentID != caller || client.TraceID != trace || server.TraceID != trace {
		t.Errorf("not in one trace, one below the other: %s", body)
	}
	for _, span := range spans {
		if span.Tags["error"] != "true" || span.Tags["http.status_code"] != "503" {
			t.Errorf("the span of a failure is %+v", span)
		}
	}
}

func TestComplaintsAreFew(t *testing.T) {
	t.Parallel()
	for name := range tracers("") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(http.StatusInternalServerError)
				asked.Add(1)
			}))
			t.Cleanup(backend.Close)
			env := tracers(backend.URL)[name]
			env["JAEGER_REPORTER_FLUSH_INTERVAL"] = "1ms"
			tracer, log, err := open(env)
			if err != nil {
				t.Fatal(err)
			}
			servicetest.Until(t, func() error {
				pass(tracer, headers())
				if n := asked.Load(); n < 10 {
					return fmt.Errorf("the backend refused %d times", n)
				}
				return nil
			})
			_ = tracer.Close()
			if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "500") {
				t.Errorf("%d lines on a backend that refused 10 times:\n%s", n, log)
			}
		})
	}
}

// What a backend did not take is gone: to send it again and again would cost more than it is
// worth.
func TestSpansAreSentOnce(t *testing.T) {
	t.Parallel()
	for name := range tracers("") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked, size atomic.Int64
			backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				n, _ := io.Copy(io.Discard, r.Body)
				size.Store(n)
				asked.Add(1)
				panic(http.ErrAbortHandler)
			}))
			t.Cleanup(backend.Close)
			env := tracers(backend.URL)[name]
			env["JAEGER_REPORTER_FLUSH_INTERVAL"] = "1ms"
			tracer, _, err := open(env)
			if err != nil {
				t.Fatal(err)
			}
			for range 1000 {
				pass(tracer, headers())
			}
			seen := asked.Load() // some or all of the 2000 spans
			servicetest.Until(t, func() error {
				pass(tracer, headers())
				if n := asked.Load() - seen; n < 20 {
					return fmt.Errorf("the backend refused %d times more", n)
				}
				return nil
			})
			if n := size.Load(); n > 150_000 { // 500 spans of 300 bytes
				t.Errorf("the last of %d attempts has %d bytes", asked.Load(), n)
			}
			_ = tracer.Close()
		})
	}
}
