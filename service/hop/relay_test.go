package hop_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"istio-tutorial/service/hop"
	"istio-tutorial/service/servicetest"
	"istio-tutorial/service/tracing"
)

const limit = 64 << 10

func client(t *testing.T, address string, timeout time.Duration) *hop.Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return hop.NewClient(hop.Next{Name: "preference", URL: u, Timeout: timeout}, limit, tracing.Tracer{})
}

// relay runs customer in front of the address, with a time-out that no test wants to see.
func relay(t *testing.T, address string, timeout time.Duration, log io.Writer) string {
	t.Helper()
	s := httptest.NewServer(hop.Relay{Name: "customer", Next: client(t, address, timeout),
		Log: slog.New(slog.NewTextHandler(log, nil))})
	t.Cleanup(s.Close)
	return s.URL
}

func TestRelay(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
	for _, c := range []struct {
		name   string
		next   func(net.Conn, int) bool
		status int
		want   string // URL stands for the next service's address
	}{
		{"200", says(answer("200 OK", "preference => recommendation v1 from 'unknown': 1\n")), 200,
			"preference => recommendation v1 from 'unknown': 1"},
		{"white space", says(answer("200 OK", "\r\n\t B  b\n\n")), 200, "B  b"},
		{"201", says(answer("201 Created", "B\n")), 200, "B"},
		{"204", says(answer("204 No Content", "")), 200, ""},
		{"200 and no body", says(answer("200 OK", "")), 200, ""},
		{"fault filter", says(answer("503 Service Unavailable", "fault filter abort")), 503,
			"503 fault filter abort"},
		{"time-out of the mesh", says(answer("504 Gateway Timeout", "upstream request timeout")), 503,
			"504 upstream request timeout"},
		{"denied", says(answer("403 Forbidden", "PERMISSION_DENIED:denier.istio-tutorial:Not allowed")), 503,
			"403 PERMISSION_DENIED:denier.istio-tutorial:Not allowed"},
		{"400 and no body", says(answer("400 Bad Request", "")), 503, "400 Bad Request"},
		{"500 and white space", says(answer("500 Oops", " \n")), 503, "500 Internal Server Error"},
		{"500 and null", says(answer("500 Oops", "null")), 503, "500 Internal Server Error"},
		{"500 and null and more", says(answer("500 Oops", "nullPointer")), 503, "500 Internal Server Error"},
		{"status without a phrase", says(answer("599 Whatever", "")), 503, "599"},
		{"status without a phrase and a body", says(answer("599 Whatever", "B")), 503, "599 B"},
		{"redirect", says(answer("302 Found\r\nLocation: /elsewhere", "")), 503,
			"URL: unexpected answer: 302 Found"},
		{"redirect to nowhere", says(answer("302 Found\r\nLocation: http://[", "")), 503, "URL: unexpected answer: 302 Found"},
		{"not modified", says(answer("304 Not Modified", "")), 503,
			"URL: unexpected answer: 304 Not Modified"},
		{"other protocol", holds("HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: Upgrade\r\n\r\n"), 503,
			"URL: unexpected answer: 101 Switching Protocols"},
		{"not HTTP", says("SSH-2.0-OpenSSH_9.2\r\n"), 503,
			`URL: *malformed HTTP response "SSH-2.0-OpenSSH_9.2"`},
		{"not HTTP at length", says(strings.Repeat("\x00ö", 20_000) + "\r\n"), 503,
			"URL: *malformed HTTP response *"},
		{"no status", says("HTTP/1.1 OK\r\n\r\n"), 503, `URL: *malformed HTTP *"OK"`},
		{"bad length", says("HTTP/1.1 200 OK\r\nContent-Length: a\r\n\r\n"), 503, `URL: *bad Content-Length "a"`},
		{"bad chunk", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n"), 503,
			"URL: *invalid byte in chunk length"},
		{"closed at once", says(""), 503, "URL: connection closed before the answer"},
		{"closed in the header", says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"), 503,
			"URL: connection closed within the answer"},
		{"closed in a line of the header", says("HTTP/1.1 200 OK\r\nContent-Le"), 503, `URL: *"Content-Le"`},
		{"closed in the body", says(head + "abc"), 503, "URL: connection closed within the answer"},
		{"closed in a chunk", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"), 503,
			"URL: connection closed within the answer"},
		{"reset at once", resets(""), 503, "URL: *connection reset by peer"},
		{"reset in the body", resets(head + "abc"), 503, "URL: *connection reset by peer"},
		{"endless body", endless(answer("200 OK", ""), strings.Repeat("a", 4096)), 503, "URL: answer above 64 KiB"},
		{"endless body of a failure", endless(answer("500 Oops", ""), strings.Repeat("a", 4096)), 503,
			"URL: answer above 64 KiB"},
		{"100 MB", endless("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", strings.Repeat("a", 4096)), 503,
			"URL: answer above 64 KiB"},
		{"endless header", endless("HTTP/1.1 200 OK\r\n", "A: "+strings.Repeat("a", 4096)+"\r\n"), 503,
			"URL: *headers exceeded 65536 bytes*"},
		{"endless line of a header", endless("HTTP/1.1 200 OK\r\nA: ", strings.Repeat("a", 4096)), 503,
			"URL: *headers exceeded 65536 bytes*"},
		{"endless first line", endless("", strings.Repeat("a", 4096)), 503, "URL: *headers exceeded 65536 bytes*"},
		{"endless announcements", endless("", "HTTP/1.1 103 Early Hints\r\n\r\n"), 503, "URL: *"},
		{"TLS", says("\x15\x03\x01\x00\x02\x02\x46"), 503, "URL: *malformed HTTP response *"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			next := serveRaw(t, c.next)
			var log bytes.Buffer
			got := servicetest.Get(t, relay(t, next.url, time.Hour, &log))
			check(t, got, c.status, c.want, next.url)
			requests, written := next.seen()
			if len(requests) != 1 {
				t.Errorf("asked %d times", len(requests))
			}
			if written > 16<<20 { // what the kernel's buffers take, and more
				t.Errorf("took %d bytes of an answer", written)
			}
			failed := strings.Contains(log.String(), `level=WARN msg="preference failed" reason=`)
			if failed != (c.status != 200) {
				t.Errorf("the log says: %s", log.String())
			}
		})
	}
}

// check compares an answer of customer's with status and `customer => WANT`. URL in want
// stands for the address, and each * for anything.
func check(t *testing.T, got servicetest.Answer, status int, want, address string) {
	t.Helper()
	if got.Status != status || got.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("got %d, %v, want %d and plain text", got.Status, got.Header, status)
	}
	want = "customer => " + strings.Replace(want, "URL", address, 1) + "\n"
	if !like(got.Body, want) {
		t.Errorf("got %q, want %q", got.Body, want)
	}
	if strings.Count(got.Body, "\n") != 1 || len(got.Body) > 500 {
		t.Errorf("not one line of a bearable length: %q", got.Body)
	}
}

// like reports whether s is what the pattern says, in which each * stands for anything.
func like(s, pattern string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(s, parts[0])
	for i, part := range parts[1:] {
		at := strings.Index(rest, part)
		if i == len(parts)-2 {
			at = strings.LastIndex(rest, part)
			ok = ok && strings.HasSuffix(rest, part)
		}
		ok = ok && at >= 0
		rest = rest[max(at, 0)+min(len(part), len(rest)):]
	}
	return ok && rest == ""
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(net.Conn, int) bool{
		"no answer":     holds(""),
		"slow header":   holds("HTTP/1.1 200 OK\r\nContent-Le"),
		"slow body":     holds("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
		"slow trickle":  holds("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"),
		"announcements": holds("HTTP/1.1 103 Early Hints\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveRaw(t, next)
			got := servicetest.Get(t, relay(t, s.url, 50*time.Millisecond, io.Discard))
			check(t, got, http.StatusServiceUnavailable, "URL: no answer within 50ms", s.url)
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	encrypted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	t.Cleanup(encrypted.Close)
	const gone = "http://127.0.0.1:1" // on which nobody listens
	for _, c := range []struct{ address, want string }{
		{gone, "URL: dial tcp *: connect: connection refused"},
		{"http://no..such.host:8080", "URL: dial tcp: lookup no..such.host: no such host"},
		{strings.Replace(plain.URL, "http:", "https:", 1), "URL: *tls: first record*"},
		{encrypted.URL, "URL: *certificate*"},
		{strings.Replace(encrypted.URL, "https:", "http:", 1), "400 Client sent an HTTP request to an HTTPS server."},
		{strings.Replace(gone, "http://", "http://user:secret@", 1), "http://user:xxxxx@*: connection refused"},
	} {
		t.Run(c.address, func(t *testing.T) {
			t.Parallel()
			got := servicetest.Get(t, relay(t, c.address, time.Hour, io.Discard))
			check(t, got, http.StatusServiceUnavailable, c.want, c.address)
		})
	}
}
