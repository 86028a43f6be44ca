package service_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"istio-tutorial/service"
	"istio-tutorial/service/servicetest"
)

func TestProgram(t *testing.T) {
	t.Parallel()
	next := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Method+" "+r.URL.Path, http.StatusTeapot)
	}))
	t.Cleanup(next.Close)
	live := servicetest.Start(t, sample(newHold()), nil)
	at := map[string]string{"LISTEN_ON": live.Address}
	for _, c := range []struct {
		name   string
		env    map[string]string
		args   []string
		status int
		out    string
		err    string // each * stands for anything
	}{
		{"command", at, []string{"set"}, 0, "hello\n", ""},
		{"command, address by flag", nil, []string{"-listen-on", live.Address, "set"}, 0, "hello\n", ""},
		{"command with an argument", at, []string{"set", "x"}, 2, "", "sample: set: takes no arguments\n"},
		{"path", at, []string{"get", "/"}, 0, "hello\n", ""},
		{"missing path", at, []string{"get", "/nope"}, 1, "404 page not found\n",
			"sample: http://" + live.Address + "/nope: 404 Not Found\n"},
		{"address", nil, []string{"get", next.URL + "/a"}, 1, "GET /a\n",
			"sample: " + next.URL + "/a: 418 I'm a teapot\n"},
		{"address without http", nil, []string{"get", next.Listener.Addr().String()}, 1, "GET /\n",
			"sample: " + next.URL + ": 418 I'm a teapot\n"},
		{"nobody there", nil, []string{"get", "127.0.0.1:1"}, 1, "",
			"sample: Get \"http://127.0.0.1:1\": dial tcp 127.0.0.1:1: connect: connection refused\n"},
		{"bad address", nil, []string{"get", "http://[/"}, 1, "", "sample: *missing ']' in host\n"},
		{"no address", nil, []string{"get"}, 2, "",
			"sample: get: one address is needed, such as http://httpbin.org/headers or /health\n"},
		{"no such command", at, []string{"fly"}, 2, "", "sample: fly: no such command; -h lists them\n"},
		{"no such flag", nil, []string{"-nope"}, 2, "", "sample: flag provided but not defined: -nope\n"},
		{"wrong settings", map[string]string{"LISTEN_ON": "80a", "SIZE": "big", "TRACING": "dapper"},
			[]string{"-metrics-on=none", "-log-format", "xml"}, 2, "",
			`sample: LISTEN_ON: "80a": not a port
sample: -metrics-on: "none": not a port
sample: SIZE: "big": not a duration such as 3s or 500ms
sample: -log-format: "xml": not one of text, json
sample: TRACING: "dapper": not one of off, jaeger, zipkin
`},
		{"wrong settings and a command", map[string]string{"SIZE": "big"}, []string{"set"}, 2, "",
			"sample: SIZE: \"big\": not a duration such as 3s or 500ms\n"},
		{"bad tracer", map[string]string{"TRACING": "jaeger", "JAEGER_SAMPLER_TYPE": "probabilistic",
			"JAEGER_SAMPLER_PARAM": "7"}, nil, 1, "", "sample: TRACING: *between 0 and 1*\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := servicetest.Run(t, sample(newHold()), c.env, c.args...)
			before, after, pattern := strings.Cut(c.err, "*")
			after = after[strings.LastIndex(after, "*")+1:]
			fits := got.Stderr == c.err || pattern && strings.HasPrefix(got.Stderr, before) &&
				strings.HasSuffix(got.Stderr, after) && strings.Count(got.Stderr, "\n") == 1
			if got.Status != c.status || got.Stdout != c.out || !fits {
				t.Errorf("got %+v, want %d, %q, %q", got, c.status, c.out, c.err)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	got := servicetest.Run(t, sample(newHold()), map[string]string{"LISTEN_ON": "wrong"}, "-h")
	if got.Status != 0 || got.Stderr != "" {
		t.Errorf("got %d, %q", got.Status, got.Stderr)
	}
	for _, want := range []string{
		"sample is there for the tests\n", "HTTP_PROXY",
		"\n  sample [flags] ", "\n  sample get URL ", "\n  sample set    set it\n",
		"-listen-on, $LISTEN_ON\n        port, or host:port, to serve on (default 8080)\n",
		"-metrics-on, $METRICS_ON\n", "-size, $SIZE\n        of it all (default 1s)\n", "-drain, $DRAIN\n",
		"-log-format, $LOG_FORMAT\n        text or json; text by default on a terminal only (default json)\n",
		"-tracing, $TRACING\n        tracer: off, jaeger or zipkin (default off)\n",
		"-zipkin-url, $ZIPKIN_URL\n", "(default http://localhost:9411/api/v2/spans)\n",
		"-jaeger-service-name, $JAEGER_SERVICE_NAME\n", "(default sample)\n",
		"-jaeger-agent-host, $JAEGER_AGENT_HOST\n",
		"-jaeger-agent-port, $JAEGER_AGENT_PORT\n", "-jaeger-endpoint, $JAEGER_ENDPOINT\n",
		"-jaeger-sampler-type, $JAEGER_SAMPLER_TYPE\n", "-jaeger-sampler-param, $JAEGER_SAMPLER_PARAM\n",
	} {
		if !strings.Contains(got.Stdout, want) {
			t.Errorf("there is no %q in\n%s", want, got.Stdout)
		}
	}
}

func TestTextOnTerminals(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	service.Main(t.Context(), sample(newHold()), service.Process{Args: []string{"-h"}, Stdout: &out,
		Terminal: true, Getenv: func(string) string { return "" }})
	if !strings.Contains(out.String(), "(default text)\n") {
		t.Errorf("the log is not for people:\n%s", out.String())
	}
}

// Not parallel: a server of another test could get the port that is free here.
func TestTakenPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = free.Close()
	for _, setting := range []string{"LISTEN_ON", "METRICS_ON"} {
		env := map[string]string{"LISTEN_ON": free.Addr().String(), "METRICS_ON": free.Addr().String()}
		env[setting] = taken.Addr().String()
		got := servicetest.Run(t, sample(newHold()), env)
		want := "sample: " + setting + ": listen tcp " + taken.Addr().String() + ": bind: address already in use\n"
		if got.Status != 1 || got.Stdout != "" || got.Stderr != want {
			t.Errorf("got %+v, want %q", got, want)
		}
		if c, err := net.Dial("tcp", free.Addr().String()); err == nil {
			_ = c.Close()
			t.Errorf("%s: the other port is still listened on", setting)
		}
	}
}

func TestMetricsOff(t *testing.T) {
	t.Parallel()
	s := servicetest.Start(t, sample(newHold()), map[string]string{"METRICS_ON": "off"})
	if s.Metrics != "" {
		t.Errorf("metrics are off, and on %s", s.Metrics)
	}
	if got := servicetest.Get(t, s.URL); got.Body != "hello\n" {
		t.Errorf("got %+v", got)
	}
}

// What is in flight is finished, and nothing new is taken, when a program is told to end.
func TestFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	h := newHold()
	s := servicetest.Start(t, sample(h), nil)
	held := servicetest.Later(servicetest.Request(t.Context(), t, s.URL+"/hold"))
	servicetest.Receive(t, "the request", h.come)
	s.Stop()
	servicetest.Until(t, func() error {
		c, err := net.Dial("tcp", s.Address)
		if err != nil {
			return nil
		}
		_ = c.Close()
		return errors.New("it still listens")
	})
	if s.Ended() {
		t.Error("it ended before the answer")
	}
	close(h.goOn)
	got := servicetest.Receive(t, "the answer", held)
	if got.Err != nil || got.Status != http.StatusOK || got.Body != "held\n" {
		t.Errorf("got %+v", got)
	}
	if status := s.End(); status != 0 {
		t.Errorf("ended with %d", status)
	}
	for _, message := range []string{"listening", "draining", "request", "ended"} {
		if n := len(s.Log(message)); n != 1 {
			t.Errorf("%d lines say %q", n, message)
		}
	}
}
