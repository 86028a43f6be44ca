package service

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/health"
	"istio-tutorial/service/metrics"
)

// pipes is a listener within the process, on which time can be synctest's.
type pipes struct {
	dialled chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.dialled:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.dialled <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	}
}

// bubble is the frame's own server, on a pipe.
type bubble struct {
	*pipes
	log    *bytes.Buffer
	stop   context.CancelFunc
	ended  chan error
	client *http.Client
}

// bubbled runs test with a program that has a slow answer and a large one, in a bubble.
func bubbled(t *testing.T, drain time.Duration, test func(t *testing.T, b bubble)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		p := &pipes{dialled: make(chan net.Conn), closed: make(chan struct{})}
		b := bubble{pipes: p, log: &bytes.Buffer{}, stop: stop, ended: make(chan error, 1),
			client: &http.Client{Transport: &http.Transport{
				DialContext: func(context.Context, string, string) (net.Conn, error) { return p.dial() }}}}
		log := slog.New(slog.NewTextHandler(b.log, nil))
		o := observer{log: log, metrics: metrics.New("sample", func() int64 { return 0 }), health: &health.State{}}
		servers, err := listen(settings{listen: "127.0.0.1:0"}, o, o.router(Program{Routes: slowAndLarge}))
		if err != nil {
			t.Fatal(err)
		}
		_ = servers[0].listener.Close()
		servers[0].listener.Listener = p
		var service sync.WaitGroup
		service.Go(func() {
			b.ended <- running{servers: servers, drain: drain, health: o.health, log: log}.until(ctx)
		})
		test(t, b)
		stop()
		b.client.CloseIdleConnections()
		service.Wait()
	})
}

func slowAndLarge(r chi.Router, _ Frame) {
	r.Get("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	r.Get("/slow", func(w http.ResponseWriter, r *http.Request) {
		d, _ := time.ParseDuration(r.URL.Query().Get("d"))
		<-time.After(d)
		_, _ = io.WriteString(w, "slow")
	})
	r.Get("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
}

// get returns status, body and whether the server closes the connection, in words.
func (b bubble) get(path string) string {
	res, err := b.client.Get("http://sample" + path)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	closes := map[bool]string{true: " close"}[res.Close]
	return fmt.Sprint(res.StatusCode, " ", string(body), closes)
}

// What a client may send, and how long it then takes until the server is rid of it.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	const post = "POST / HTTP/1.1\r\nHost: a\r\n"
	for _, c := range []struct {
		name, sends, then string // then is sent each second
		status            string
		within            time.Duration
	}{
		{"nothing", "", "", "", headerWithin},
		{"half a header", "GET / HTTP/1.1\r\nHost: a\r\n", "", "", headerWithin},
		{"header by and by", "GET / HTTP/1.1\r\n", "A: a\r\n", "", headerWithin},
		{"half a body", post + "Content-Length: 9\r\n\r\nabc", "", "408 Request Timeout", headerWithin},
		{"body by and by", post + "Content-Length: 9999\r\n\r\nabc", "abc", "408 Request Timeout", headerWithin},
		{"no body after a question", post + "Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", "",
			"100 Continue", headerWithin},
		{"body too large, by and by", post + "Content-Length: 99999\r\n\r\n" + strings.Repeat("x", maxBody+1), "x",
			"413 Request Entity Too Large", headerWithin},
		{"no second request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", "200 OK", idleFor},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubbled(t, 0, func(t *testing.T, b bubble) {
				conn, err := b.dial()
				if err != nil {
					t.Fatal(err)
				}
				var sending sync.WaitGroup
				sending.Go(func() { trickle(conn, c.sends, c.then) })
				start := time.Now()
				said, err := io.ReadAll(conn) // until the server closes
				took := time.Since(start)
				_ = conn.Close()
				sending.Wait()
				if status, _, _ := strings.Cut(string(said), "\r\n"); err != nil ||
					strings.TrimPrefix(status, "HTTP/1.1 ") != c.status {
					t.Errorf("got %q, %v, want %s", said, err, c.status)
				}
				// net/http lingers for half a second where a client may still be writing
				if took < c.within || took > c.within+time.Second {
					t.Errorf("the connection lasted %v, want %v", took, c.within)
				}
			})
		})
	}
}

func trickle(conn net.Conn, first, then string) {
	_, err := io.WriteString(conn, first)
	for err == nil && then != "" {
		<-time.After(time.Second)
		_, err = io.WriteString(conn, then)
	}
}

// A client that asks and does not read costs the server a bounded time, however long the
// answer took to come.
func TestSlowReader(t *testing.T) {
	for path, within := range map[string]time.Duration{
		"/large":      writeWithin,
		"/":           writeWithin,
		"/slow?d=10m": 10*time.Minute + writeWithin,
	} {
		t.Run(path, func(t *testing.T) {
			bubbled(t, 0, func(t *testing.T, b bubble) {
				conn, err := b.dial()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				<-time.After(within + time.Second)
				if said, err := io.ReadAll(conn); err != nil || len(said) > 0 {
					t.Errorf("after %v there is still %q, %v to be read", within, said, err)
				}
			})
		})
	}
}

func TestSlowAnswersComeWhole(t *testing.T) {
	bubbled(t, 0, func(t *testing.T, b bubble) {
		for range 2 { // the second on the same connection
			if got := b.get("/slow?d=20m"); got != "200 slow" {
				t.Errorf("got %s", got)
			}
		}
	})
}

func TestDrain(t *testing.T) {
	bubbled(t, 30*time.Second, func(t *testing.T, b bubble) {
		want := func(when, path, want string) {
			t.Helper()
			if got := b.get(path); got != want {
				t.Errorf("%s, %s: got %s, want %s", when, path, got, want)
			}
		}
		want("at work", "/health/ready", "200 {\"status\":\"UP\"}\n")
		want("at work", "/", "200 hello")
		held := make(chan string, 1)
		go func() { held <- b.get("/slow?d=65s") }()
		synctest.Wait()
		b.stop()
		synctest.Wait()
		for _, when := range []string{"at once", "at the drain's end"} {
			want(when, "/health/ready", "503 {\"status\":\"OUT_OF_SERVICE\"}\n close")
			want(when, "/health/live", "200 {\"status\":\"UP\"}\n close")
			want(when, "/", "200 hello close")
			<-time.After(29 * time.Second)
		}
		want("after the drain", "/", `Get "http://sample/": connection refused`)
		if len(b.ended) > 0 {
			t.Error("it ended before what was in flight")
		}
		if got := <-held; got != "200 slow close" && got != "200 slow" { // it began before the drain
			t.Errorf("what was in flight got %s", got)
		}
		if err := <-b.ended; err != nil {
			t.Error(err)
		}
	})
}

func TestUnfinished(t *testing.T) {
	bubbled(t, time.Second, func(t *testing.T, b bubble) {
		conn, err := b.dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET /slow?d=1h HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.stop()
		start := time.Now()
		err = <-b.ended
		if err == nil || err.Error() != "unfinished requests: context deadline exceeded" {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(start); took != time.Second+finishWithin {
			t.Errorf("ended after %v", took)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil) // so that the bubble can end
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		_ = conn.Close()
	})
}

// What is in flight, and never ends, holds up the end for less than Kubernetes gives a pod.
func TestEndsWithinThePodsGrace(t *testing.T) {
	t.Parallel()
	manifests, err := filepath.Glob("../deploy/*/Deployment*.yml")
	if err != nil || len(manifests) < 4 {
		t.Fatalf("%d manifests, %v", len(manifests), err)
	}
	find := regexp.MustCompile(`(?s)terminationGracePeriodSeconds: (\d+)\b.*name: DRAIN\b[^\n]*\n\s+value: (\d+)s\n`)
	for _, file := range manifests {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := find.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s: no grace, or no DRAIN in seconds", file)
			continue
		}
		grace, _ := strconv.Atoi(string(found[1]))
		drain, _ := strconv.Atoi(string(found[2]))
		const spare = 3 * time.Second // for the last spans and lines
		if all := time.Duration(drain)*time.Second + finishWithin + spare; all > time.Duration(grace)*time.Second {
			t.Errorf("%s: the end may take %v, of %d s", file, all, grace)
		}
	}
}

// A client's connection that brought no request holds up no end.
func TestEndWithReserveConnection(t *testing.T) {
	bubbled(t, 0, func(t *testing.T, b bubble) {
		reserve, err := b.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer reserve.Close()
		synctest.Wait()
		start := time.Now()
		b.stop()
		if err := <-b.ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took >= time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}
