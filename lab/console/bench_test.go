package console_test

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"istio-tutorial/lab/console"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/load"
)

// BenchmarkWatched loads two labs in turns, of which one explains requests and has its page open, and
// the other does neither, and takes the median of the ratios of what they answer. A client that only
// reads the stream costs what the lab does for a page; a browser on the same machine draws it, too.
func BenchmarkWatched(b *testing.B) {
	for name, open := range map[string]func(*testing.B, *page){"stream": reader, "browser": chromium} {
		b.Run(name, func(b *testing.B) {
			watched, alone := up(b), up(b, func(c *daemon.Config) { c.Unexplained = true })
			open(b, show(b, watched))
			labtest.Ratio(b, "of-throughput", func() float64 { return watched.rate(b) }, func() float64 { return alone.rate(b) })
		})
	}
}

// rate is how many answers a second a lab gives to a few users.
func (l lab) rate(b *testing.B) float64 {
	b.Helper()
	summary, err := load.Run(b.Context(), load.Config{URL: l.ingress, Users: 8, Requests: 250})
	if err != nil || summary.Failed > 0 {
		b.Fatalf("%d failed, %v", summary.Failed, err)
	}
	return float64(summary.Transactions) / summary.Elapsed.Seconds()
}

// page is one that is served, and how many bytes browsers got of it.
type page struct {
	net.Listener
	sent atomic.Int64
}

type connection struct {
	net.Conn
	sent *atomic.Int64
}

func (p *page) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	return connection{c, &p.sent}, err
}

func (c connection) Write(data []byte) (int, error) {
	c.sent.Add(int64(len(data)))
	return c.Conn.Write(data)
}

func show(b *testing.B, l lab) *page {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	p := &page{Listener: listener}
	c := console.Start(p, config(l.folder))
	b.Cleanup(func() { _ = c.Close() })
	return p
}

func (p *page) url() string { return "http://" + p.Addr().String() }

// isFollowed waits until somebody gets snapshots: so many bytes more than all else that there is.
func (p *page) isFollowed(b *testing.B) {
	b.Helper()
	labtest.Until(b, func() error {
		if n := p.sent.Load(); n < 150_000 {
			return fmt.Errorf("%d bytes of the page are sent", n)
		}
		return nil
	})
}

// reader reads the stream.
func reader(b *testing.B, p *page) {
	b.Helper()
	res, err := http.Get(p.url() + "/events") //nolint:bodyclose // the clean-up closes it
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, res.Body) // it ends with the benchmark
		close(ended)
	}()
	b.Cleanup(func() {
		_ = res.Body.Close()
		<-ended
	})
}

// chromium opens the page, as a reader has it beside the terminal.
func chromium(b *testing.B, p *page) {
	b.Helper()
	if slices.Contains(strings.Split(os.Getenv("E2E_WITHOUT"), ","), "browser") {
		b.Skip("SKIP: E2E_WITHOUT lists browser")
	}
	path, err := exec.LookPath(cmp.Or(os.Getenv("CHROMIUM"), "chromium"))
	if err != nil {
		b.Fatalf("%v; CHROMIUM=/path/to/it names another, E2E_WITHOUT=browser does without", err)
	}
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+b.TempDir(), "--window-size=1400,1000", "--remote-debugging-port=0", p.url())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // all of its processes
		_ = cmd.Wait()                                      // it says that it was killed
	})
	p.isFollowed(b)
}
