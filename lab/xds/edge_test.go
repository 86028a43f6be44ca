package xds_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestEdge holds connections to the ingress: they have an end, a number, and do not touch those
// inside the mesh.
func TestEdge(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.mustPush(w.today())
	half := dialed(t, p.ingress)
	began := time.Now()
	if _, err := io.WriteString(half, "GET / HTTP/1.1\r\nHost: a"); err != nil {
		t.Fatal(err)
	}
	const most = 1000
	held := 0
	for range most + 20 {
		c := dialed(t, p.ingress)
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: nobody\r\n\r\n"); err != nil {
			continue
		}
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, _ := c.Read(make([]byte, 4)); n > 0 {
			held++
		}
	}
	if held >= most || held < most/2 {
		t.Errorf("%d connections are held, want fewer than %d", held, most)
	}
	if got := w.several(5, preference, recommendation); got["200 v1"] != 5 {
		t.Errorf("inside the mesh: %v", got)
	}
	_ = half.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer, err := io.ReadAll(half)
	if errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(string(answer), "HTTP/1.1 408") {
		t.Errorf("half a head: %q, %v after %v", answer, err, time.Since(began))
	}
}

func dialed(t *testing.T, address string) net.Conn {
	t.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestOwnAddress calls a sidecar's own address through it: that does not go round and round.
func TestOwnAddress(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.mustPush(w.today())
	_, port, err := net.SplitHostPort(preference.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]", "LOCALHOST."} {
		const want = "508 the address is a sidecar's own"
		if got := w.get(preference, "http://"+host+":"+port).String(); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}
