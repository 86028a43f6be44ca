package service_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"istio-tutorial/service/servicetest"
)

const mostConnections = 512

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// answer reads what the server says on the connection.
func answer(t *testing.T, c net.Conn) (status int, body string) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// roomAt reports on what a connection of its own is told.
func roomAt(s *servicetest.Instance) error {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(s.URL)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("got %s", res.Status)
	}
	return nil
}

// Connections without a request make room: the one that has waited for the longest first.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	t.Parallel()
	s := servicetest.Start(t, sample(newHold()), nil)
	first := dial(t, s.Address)
	if _, err := io.WriteString(first, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if status, _ := answer(t, first); status != 200 {
		t.Fatalf("got %d", status)
	}
	for range mostConnections - 1 {
		dial(t, s.Address)
	}
	last := dial(t, s.Address)
	if _, err := io.WriteString(last, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	// the others may have requests on their way; on a slow machine they have waited for long enough
	if status, _ := answer(t, last); status != 503 && status != 200 {
		t.Errorf("at once, got %d", status)
	}
	servicetest.Until(t, func() error { return roomAt(s) })
	if _, err := first.Read(make([]byte, 1)); !errors.Is(err, io.EOF) { // or the test never ends
		t.Errorf("the first connection: %v", err)
	}
}

// Where each connection has a request, one more is told that there is no room.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	h := newHold()
	s := servicetest.Start(t, sample(h), nil)
	var held []net.Conn
	for range mostConnections {
		c := dial(t, s.Address)
		if _, err := io.WriteString(c, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		servicetest.Receive(t, "the request", h.come)
		held = append(held, c)
	}
	for range 2 {
		c := dial(t, s.Address)
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if status, body := answer(t, c); status != 503 || body != "too many connections\n" {
			t.Errorf("got %d %q", status, body)
		}
	}
	text := servicetest.Get(t, s.Metrics).Body
	if !strings.Contains(text, `http_connections_refused_total{service="sample"} 2`) {
		t.Errorf("two were refused:\n%s", text)
	}
	close(h.goOn)
	for _, c := range held {
		if status, body := answer(t, c); status != 200 || body != "held\n" {
			t.Fatalf("got %d %q", status, body)
		}
	}
	servicetest.Until(t, func() error { return roomAt(s) })
	s.End()
	if lines := s.Log("too many connections"); len(lines) != 1 || lines[0]["on"] != "LISTEN_ON" {
		t.Errorf("the log has %v", lines)
	}
}
