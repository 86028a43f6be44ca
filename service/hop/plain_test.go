package hop_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"istio-tutorial/service/hop"
	"istio-tutorial/service/servicetest"
)

// ask reads a whole answer, as Client does.
func ask(t testing.TB, transport http.RoundTripper, url string) (string, error) {
	t.Helper()
	res, err := transport.RoundTrip(servicetest.Request(t.Context(), t, url))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

// answers has each request answered with the text, and tells on which connection, by its number
// from 1, when then has been done to the first.
func answers(t *testing.T, text string, then func(*net.TCPConn)) (address string, on <-chan int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	numbers := make(chan int, 9)
	serve := func(c net.Conn, n int) {
		defer c.Close()
		in := bufio.NewReader(c)
		for _, err := http.ReadRequest(in); err == nil; _, err = http.ReadRequest(in) {
			_, _ = io.WriteString(c, text)
			if n == 1 {
				then(c.(*net.TCPConn))
			}
			numbers <- n
		}
		numbers <- -n // it ended
	}
	go func() {
		n := 0
		for c, err := listener.Accept(); err == nil; c, err = listener.Accept() {
			n++
			go serve(c, n)
		}
	}()
	return listener.Addr().String(), numbers
}

// What a server does with a connection after its answer, and whether that is used again.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nB"
	nothing := func(*net.TCPConn) {}
	for _, c := range []struct {
		name, answer string
		then         func(*net.TCPConn)
		kept         bool
	}{
		{"nothing", ok, nothing, true},
		{"nothing, after chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nB\r\n0\r\n\r\n",
			nothing, true},
		{"nothing, after announcements", "HTTP/1.1 103 Early Hints\r\n\r\n" + ok, nothing, true},
		{"closes it", ok, func(c *net.TCPConn) { _ = c.Close() }, false},
		{"closes its half", ok, func(c *net.TCPConn) { _ = c.CloseWrite() }, false},
		{"resets it", ok, func(c *net.TCPConn) {
			_ = c.SetLinger(0)
			_ = c.Close()
		}, false},
		{"goes on", ok, func(c *net.TCPConn) { _, _ = io.WriteString(c, ok) }, false},
		{"went on at once", ok + "HTTP/1.1 200 OK\r\n", nothing, false},
		{"said that it closes", strings.Replace(ok, "OK\r\n", "OK\r\nConnection: close\r\n", 1), nothing, false},
		{"is of old", strings.Replace(ok, "1.1", "1.0", 1), nothing, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address, on := answers(t, c.answer, c.then)
			p, url := hop.NewPlain(address, time.Hour), "http://"+address
			if got, err := ask(t, p, url); err != nil || got != "B" {
				t.Fatalf("got %q, %v", got, err)
			}
			servicetest.Receive(t, "the first answer", on)
			servicetest.Until(t, func() error { // what the server did may be on its way
				if !c.kept && p.Usable() {
					return errors.New("the connection would be used again")
				}
				return nil
			})
			if got, err := ask(t, p, url); err != nil || got != "B" {
				t.Fatalf("the second time, got %q, %v", got, err)
			}
			n := servicetest.Receive(t, "the second answer", on)
			for n < 0 {
				n = servicetest.Receive(t, "the second answer", on)
			}
			if (n == 1) != c.kept {
				t.Errorf("the second answer came on connection %d", n)
			}
		})
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	address, on := answers(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", func(*net.TCPConn) {})
	p := hop.NewPlain(address, time.Millisecond)
	for _, want := range []int{1, -1, 2, -2} { // and the sweeper comes again
		if want > 0 {
			if _, err := ask(t, p, "http://"+address); err != nil {
				t.Fatal(err)
			}
		}
		if got := servicetest.Receive(t, "news of the connection", on); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	}
}

func TestAtOnce(t *testing.T) {
	t.Parallel()
	const callers, times = 16, 50
	var connections atomic.Int64
	next := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	}))
	next.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	next.Start()
	t.Cleanup(next.Close)
	p := hop.NewPlain(next.Listener.Addr().String(), time.Hour)
	var all sync.WaitGroup
	for caller := range callers {
		path := "/" + strings.Repeat("a", caller)
		all.Go(func() {
			for range times {
				if got, err := ask(t, p, next.URL+path); err != nil || got != path {
					t.Errorf("got %q, %v, want %q", got, err, path)
				}
			}
		})
	}
	all.Wait()
	if n := connections.Load(); n > callers {
		t.Errorf("%d connections for %d callers", n, callers)
	}
}

// BenchmarkAsk takes what a request costs by each way to the next hop.
func BenchmarkAsk(b *testing.B) {
	next := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "recommendation v1 from 'unknown': 1\n")
	}))
	defer next.Close()
	for name, transport := range map[string]http.RoundTripper{
		"plain": hop.NewPlain(next.Listener.Addr().String(), time.Hour), "once": hop.NewOnce(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ask(b, transport, next.URL); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
