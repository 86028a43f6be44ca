package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"istio-tutorial/e2e/chain"
)

// peer stands where the next service stands, and does on a connection what a service never
// should. It counts the requests.
type peer struct {
	url      string
	requests atomic.Int64
}

// newPeer calls answer with each request that it gets. When answer returns false, the
// connection is closed.
func newPeer(t *testing.T, answer func(io.Writer) bool) *peer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &peer{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn, answer)
		}
	}()
	return p
}

func (p *peer) serve(conn net.Conn, answer func(io.Writer) bool) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		p.requests.Add(1)
		if !answer(conn) {
			return
		}
	}
}

// say writes text, as often as is asked, until the caller has enough.
func say(w io.Writer, text string, times int) {
	for range times {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
	}
}

func TestBadAnswersOfTheNextService(t *testing.T) {
	t.Parallel()
	const endless = 1 << 30
	page := string(bytes.Repeat([]byte("page "), 200))
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	for _, test := range []struct {
		name, cause string
		answer      func(io.Writer)
	}{
		{"garbage", "malformed HTTP", func(w io.Writer) { say(w, "hello\r\n\r\n", 1) }},
		{"nothing", "connection closed before the answer", func(io.Writer) {}},
		{"half", "connection closed within the answer", func(w io.Writer) {
			say(w, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 1)
		}},
		{"endless header", "headers exceeded", func(w io.Writer) {
			say(w, "HTTP/1.1 200 OK\r\n", 1)
			say(w, "More: "+page+"\r\n", endless)
		}},
		{"endless body", "answer above 64 KiB", func(w io.Writer) {
			say(w, "HTTP/1.1 200 OK\r\n\r\n", 1)
			say(w, page, endless)
		}},
		{"100 MB", "answer above 64 KiB", func(w io.Writer) {
			say(w, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", 1)
			say(w, page, 100000)
		}},
		{"silence", "no answer within 200ms", func(io.Writer) { <-silent }},
		{"silence after the header", "no answer within 200ms", func(w io.Writer) {
			say(w, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 1)
			<-silent
		}},
		{"redirect", "unexpected answer: 302 Found", func(w io.Writer) {
			say(w, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n", 1)
		}},
		{"long garbage", "malformed HTTP", func(w io.Writer) { say(w, strings.ReplaceAll(page, " ", ""), 60) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, func(w io.Writer) bool {
				test.answer(w)
				return false
			})
			env := chain.Env{"PREFERENCE_URL": p.url}
			if within, ok := strings.CutPrefix(test.cause, "no answer within "); ok {
				env["NEXT_HOP_TIMEOUT"] = within
			}
			customer := programs().Run(t, chain.Spec{Program: "customer", Env: env})
			for range 3 {
				holdFailure(t, customer.Get(t, "/"), p.url, test.cause)
			}
			if n := p.requests.Load(); n != 3 {
				t.Errorf("asked %d times for 3 requests", n)
			}
		})
	}
}

// holdFailure holds that customer's answer is the one line that names the address and cause.
func holdFailure(t *testing.T, got chain.Answer, url, cause string) {
	t.Helper()
	line := regexp.MustCompile(`^customer => ` + regexp.QuoteMeta(url) + `: .*` +
		regexp.QuoteMeta(cause) + `[^\n]*\n$`)
	if got.Status != 503 || !line.MatchString(got.Body) {
		t.Errorf("got %+v, want 503 and a match of %s", got, line)
	}
	if len(got.Body) > 1000 {
		t.Errorf("%d bytes are no line to read", len(got.Body))
	}
}

// An answer that breaks off on a kept connection is what net/http would ask again for.
func TestServicesNeverRetry(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	p := newPeer(t, func(w io.Writer) bool {
		if n.Add(1) > 1 {
			return false
		}
		say(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1)
		return true
	})
	customer := programs().Run(t, chain.Spec{Program: "customer", Env: chain.Env{"PREFERENCE_URL": p.url}})
	if got := customer.Get(t, "/"); got != said(200, "customer => ok\n") {
		t.Errorf("got %+v", got)
	}
	holdFailure(t, customer.Get(t, "/"), p.url, "connection closed before the answer")
	if n := p.requests.Load(); n != 2 {
		t.Errorf("asked %d times for 2 requests", n)
	}
}

func TestHugeAnswersCostNoMemory(t *testing.T) {
	t.Parallel()
	huge := func(w io.Writer) bool {
		say(w, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", 1)
		say(w, strings.Repeat("page", 1<<16), 400)
		return false
	}
	p := newPeer(t, huge)
	customer := programs().Run(t, chain.Spec{Program: "customer", Env: chain.Env{"PREFERENCE_URL": p.url}})
	for range 10 {
		holdFailure(t, customer.Get(t, "/"), p.url, "answer above 64 KiB")
	}
	const limit = 100 << 10 // of the 1 GB that was offered
	if peak := memory(t, customer, "VmHWM"); peak > limit {
		t.Errorf("peak memory %d KiB, above %d KiB", peak, limit)
	}
}

// memory returns one of the figures that Linux knows of a process, in KiB.
func memory(t testing.TB, p *chain.Process, figure string) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("SKIP: only Linux says in /proc how much memory a process has")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.ID()))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(figure + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no %s in %s", figure, status)
	}
	kib, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
