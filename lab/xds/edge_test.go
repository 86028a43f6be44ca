package xds_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
)

// TestEdge has connections that nobody uses take all the room at the ingress: those inside the mesh are not
// touched, one more is refused at once and not kept waiting, and they make room by themselves.
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
	var refusal error
	for round := 0; refusal == nil && round < 3; round++ { // on a slow machine the first are closed before the last come
		for range most + 20 {
			dialed(t, p.ingress) // without a word
		}
		refusal = answered(t, p.ingress)
	}
	full := time.Now()
	if refusal == nil || errors.Is(refusal, os.ErrDeadlineExceeded) {
		t.Errorf("one more than %d: %v, want it refused", most, refusal)
	}
	if got := w.several(5, preference, recommendation); got["200 v1"] != 5 {
		t.Errorf("inside the mesh: %v", got)
	}
	labtest.Until(t, func() error { return answered(t, p.ingress) })
	if took := time.Since(full); took > 20*time.Second {
		t.Errorf("others wait %v for those that do nothing", took)
	}
	_ = half.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer, err := io.ReadAll(half)
	if errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(string(answer), "HTTP/1.1 408") {
		t.Errorf("half a head: %q, %v after %v", answer, err, time.Since(began))
	}
}

// answered asks on a connection of its own. The error is why no answer came.
func answered(t *testing.T, address string) error {
	t.Helper()
	c := dialed(t, address)
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: nobody\r\n\r\n"); err != nil {
		return err
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err := c.Read(make([]byte, 4))
	return err
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
