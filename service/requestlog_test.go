package service_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"istio-tutorial/service/servicetest"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	s := servicetest.Start(t, sample(newHold()), nil)
	const missing, refused = "404 page not found\n", "Method Not Allowed\n"
	for _, c := range []struct {
		method, path, body string
		status             int
		want, allow        string
	}{
		{"GET", "/", "", 200, "hello\n", ""},
		{"GET", "/?a=b", "", 200, "hello\n", ""},
		{"GET", "/", "a small body", 200, "hello\n", ""},
		{"GET", "/nope", "", 404, missing, ""},
		{"GET", "//", "", 404, missing, ""},
		{"POST", "/", "", 405, refused, "GET"},
		{"HEAD", "/", "", 405, "", "GET"},
		{"OPTIONS", "/", "", 405, refused, "GET"},
		{"BREW", "/", "", 405, refused, "GET"},
		{"GET", "/set", "", 405, refused, "PUT"},
		{"PUT", "/set", "x", 200, "hello\n", ""},
		{"DELETE", "/both", "", 405, refused, "GET, PUT"},
		{"BREW", "/nope", "", 404, missing, ""},
		{"POST", "/health", "", 405, refused, "GET"},
		{"POST", "/", strings.Repeat("x", 64<<10), 405, refused, "GET"},
		{"POST", "/", strings.Repeat("x", 64<<10+1), 413, "Request Entity Too Large\n", ""},
	} {
		got := servicetest.Send(t, c.method, s.URL+c.path, c.body)
		allow := strings.Join(got.Header.Values("Allow"), ", ")
		if got.Status != c.status || got.Body != c.want || allow != c.allow {
			t.Errorf("%s %s: got %d %q, allow %q, want %d %q, %q",
				c.method, c.path, got.Status, got.Body, allow, c.status, c.want, c.allow)
		}
	}
}

// Requests that no client of Go's would send.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	s := servicetest.Start(t, sample(newHold()), nil)
	const get = "GET / HTTP/1.1\r\nHost: a\r\n"
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"header too large", get + "A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n", 431},
		{"many lines of header", get + strings.Repeat("A: a\r\n", 20_000) + "\r\n", 431},
		{"path too long", "GET /" + strings.Repeat("a", 100<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
		{"not HTTP", "hello\r\n\r\n", 400},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"bad length", get + "Content-Length: a\r\n\r\n", 400},
		{"bad chunk", get + "Transfer-Encoding: chunked\r\n\r\nz\r\n\r\n", 400},
		{"chunks", get + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 200},
		{"too many chunks", get + "Transfer-Encoding: chunked\r\n\r\n" +
			strings.Repeat("400\r\n"+strings.Repeat("a", 1024)+"\r\n", 65) + "0\r\n\r\n", 413},
		{"length too large, announced", get + "Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n", 413},
		{"length too large", get + "Content-Length: 100000000\r\n\r\n" + strings.Repeat("a", 1024), 413},
		{"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		{"unfulfillable wish", get + "Expect: magic\r\n\r\n", 417},
		{"old version", "GET / HTTP/1.0\r\n\r\n", 200},
		{"future version", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", s.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go func() { _, _ = io.WriteString(conn, c.request) }()
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != c.status {
				t.Errorf("got %s, want %d", res.Status, c.status)
			}
			if c.status >= 400 && !res.Close {
				t.Error("the connection stays open")
			}
		})
	}
	if got := servicetest.Get(t, s.URL); got.Status != 200 {
		t.Errorf("after all of that, got %+v", got)
	}
}

// A request within another's body, which one of two servers could take for a second one, is
// not answered.
func TestChunksAndLength(t *testing.T) {
	t.Parallel()
	s := servicetest.Start(t, sample(newHold()), nil)
	c := dial(t, s.Address)
	_, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(c) // until the server closes
	if n := strings.Count(string(said), "HTTP/1.1 "); n != 1 || !strings.Contains(string(said), "Connection: close\r\n") {
		t.Errorf("%d answers: %q", n, said)
	}
	s.End()
	if lines := s.Log("request"); len(lines) != 1 {
		t.Errorf("the log has %v", lines)
	}
}

// What strangers send fills no log.
func TestLinesAreShort(t *testing.T) {
	t.Parallel()
	s := servicetest.Start(t, sample(newHold()), nil)
	for _, request := range []string{"GET /" + strings.Repeat("p", 15_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
		strings.Repeat("M", 15_000) + " / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: " + strings.Repeat("u", 15_000) + "\r\n\r\n"} {
		c := dial(t, s.Address)
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		answer(t, c)
	}
	s.End()
	lines := s.Log("request")
	for _, line := range lines {
		for name, value := range line {
			if text := fmt.Sprint(value); len(text) > 310 {
				t.Errorf("%s has %d bytes", name, len(text))
			}
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d lines for 3 requests", len(lines))
	}
}

// A backend lists the names of spans: they are as many as there are routes and methods.
func TestSpanNames(t *testing.T) {
	t.Parallel()
	bodies := make(chan []byte, 99)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
	}))
	t.Cleanup(backend.Close)
	s := servicetest.Start(t, sample(newHold()), map[string]string{"TRACING": "zipkin", "ZIPKIN_URL": backend.URL,
		"JAEGER_REPORTER_FLUSH_INTERVAL": "1h"})
	for _, c := range []struct{ method, path string }{{"GET", "/"}, {"PUT", "/set"}, {"GET", "/made/up"},
		{"POST", "/"}, {"BREW", "/"}, {"GET", "/" + strings.Repeat("p", 15_000)}} {
		servicetest.Send(t, c.method, s.URL+c.path, "")
	}
	s.End()
	var spans []struct {
		Name string
		Tags map[string]string
	}
	if err := json.Unmarshal(servicetest.Receive(t, "the spans", bodies), &spans); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, span := range spans {
		names = append(names, span.Name)
		if n := len(span.Tags["http.url"]); n == 0 || n > 256 {
			t.Errorf("the address has %d bytes", n)
		}
	}
	if got := strings.Join(names, ", "); got != "get /, put /set, get, post, http, get" {
		t.Errorf("got %s", got)
	}
}

func TestOneLineARequest(t *testing.T) {
	t.Parallel()
	s := servicetest.Start(t, sample(newHold()), nil)
	want := []string{
		"GET / 200 sample/1 80f198ee56343ba864fe8b2a57d3eff7",
		"GET /nope 404  ", "POST / 405  ", "GET /fail 503  ", "POST / 413  ", "GET /healthy 404  ",
		"GET /panic 500  ",
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/", ""}, {"GET", "/nope", ""}, {"POST", "/", ""}, {"GET", "/fail", ""},
		{"POST", "/", strings.Repeat("x", 100<<10)}, {"GET", "/healthy", ""}, {"GET", "/panic", ""},
		{"GET", "/health", ""}, {"GET", "/health/live", ""}, {"GET", "/health/ready", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", "")
		if c.method+c.path == "GET/" {
			req.Header.Set("User-Agent", "sample/1")
			req.Header.Set("X-B3-TraceId", "80f198ee56343ba864fe8b2a57d3eff7")
			req.Header.Set("X-B3-SpanId", "e457b5a2e4d86bd1")
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
		} else if c.path != "/panic" {
			t.Fatal(err)
		}
	}
	if status := s.End(); status != 0 {
		t.Fatalf("ended with %d", status)
	}
	lines := s.Log("request")
	if len(lines) != len(want) {
		t.Fatalf("%d lines for %d requests: %v", len(lines), len(want), lines)
	}
	for i, line := range lines {
		got := fmt.Sprintf("%v %v %v %v %v",
			line["method"], line["path"], line["status"], line["user_agent"], line["trace"])
		if got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
		host, _, err := net.SplitHostPort(fmt.Sprint(line["caller"]))
		if ms, ok := line["ms"].(float64); err != nil || host != "127.0.0.1" || !ok || ms < 0 {
			t.Errorf("no caller or no duration: %v", line)
		}
	}
}

// What nobody waited for is neither an answer nor the service's fault.
func TestCallerGone(t *testing.T) {
	t.Parallel()
	h := newHold()
	s := servicetest.Start(t, sample(h), nil)
	ctx, leave := context.WithCancel(t.Context())
	left := servicetest.Later(servicetest.Request(ctx, t, s.URL+"/hold"))
	servicetest.Receive(t, "the request", h.come)
	leave()
	if got := servicetest.Receive(t, "the caller's error", left); got.Err == nil {
		t.Error("the caller got an answer")
	}
	servicetest.Until(t, func() error {
		lines := s.Log("request")
		if len(lines) == 0 {
			return errors.New("the request is not logged")
		}
		if fmt.Sprint(lines[0]["status"]) != "499" {
			t.Errorf("the line is %v", lines[0])
		}
		return nil
	})
	if text := servicetest.Get(t, s.Metrics).Body; regexp.MustCompile(`http_request_errors_total\{.*\} [1-9]`).MatchString(text) {
		t.Errorf("counted as an error:\n%s", text)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	h := newHold()
	s := servicetest.Start(t, sample(h), nil)
	for n := range 20 {
		servicetest.Get(t, fmt.Sprintf("%s/made/up/%d", s.URL, n))
		servicetest.Send(t, fmt.Sprintf("MADEUP%d", n), s.URL, "")
	}
	servicetest.Get(t, s.URL+"/fail")
	servicetest.Get(t, s.URL+"/health")
	held := servicetest.Later(servicetest.Request(t.Context(), t, s.URL+"/hold"))
	servicetest.Receive(t, "the request", h.come)
	text := servicetest.Get(t, s.Metrics).Body
	close(h.goOn)
	servicetest.Receive(t, "the answer", held)
	for _, want := range []string{
		`http_requests_total{route="/fail",service="sample",status="503"} 1`,
		`http_requests_total{route="/health",service="sample",status="200"} 1`,
		`http_requests_total{route="none",service="sample",status="404"} 20`,
		`http_requests_total{route="none",service="sample",status="405"} 20`,
		`http_request_errors_total{route="/fail",service="sample"} 1`,
		`http_requests_in_flight{service="sample"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("there is no line %s", want)
		}
	}
	if strings.Contains(text, "made") || strings.Contains(text, "MADE") {
		t.Errorf("a stranger made up a label:\n%s", text)
	}
}
