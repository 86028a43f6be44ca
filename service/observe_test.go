package service_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
	if text := servicetest.Get(t, s.Metrics).Body; strings.Contains(text, "http_request_errors_total{") {
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
