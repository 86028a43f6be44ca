package hop_test

import (
	"bufio"
	"io"
	"net"
	"sync"
	"testing"
)

// raw is a server that reads requests as they are, and answers without the rules of HTTP.
type raw struct {
	url      string
	mu       sync.Mutex
	requests []string // their headers, as they came
	written  int64    // bytes of answers that the client's side took
}

// serveRaw has answer called for each request, with its number from 1, and closes the
// connection when answer returns false.
func serveRaw(t *testing.T, answer func(c net.Conn, n int) bool) *raw {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &raw{url: "http://" + listener.Addr().String()}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			stop := make(chan struct{})
			open.Go(func() {
				defer close(stop)
				defer c.Close()
				s.serve(counted{c, s}, answer)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		open.Wait()
	})
	return s
}

func (s *raw) serve(c counted, answer func(net.Conn, int) bool) {
	in := bufio.NewReader(c)
	for {
		head := ""
		for head == "" || !endsHeader(head) {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			head += line
		}
		s.mu.Lock()
		s.requests = append(s.requests, head)
		n := len(s.requests)
		s.mu.Unlock()
		if !answer(c, n) {
			return
		}
	}
}

func endsHeader(s string) bool { return len(s) > 3 && s[len(s)-4:] == "\r\n\r\n" }

// seen returns the requests so far, and how many bytes of answers were taken.
func (s *raw) seen() (requests []string, written int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, s.written
}

type counted struct {
	net.Conn
	s *raw
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.written += int64(n)
	return n, err
}

// says answers with the bytes and closes.
func says(text string) func(net.Conn, int) bool {
	return func(c net.Conn, _ int) bool {
		_, _ = io.WriteString(c, text)
		return false
	}
}

// holds answers with the bytes and keeps the connection until the client closes it.
func holds(text string) func(net.Conn, int) bool {
	return func(c net.Conn, _ int) bool {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
		return false
	}
}

// endless answers with the start, and then with more until the client closes.
func endless(start, more string) func(net.Conn, int) bool {
	return func(c net.Conn, _ int) bool {
		_, err := io.WriteString(c, start)
		for err == nil {
			_, err = io.WriteString(c, more)
		}
		return false
	}
}

// resets answers with the bytes and has the client's side see a reset.
func resets(text string) func(net.Conn, int) bool {
	return func(c net.Conn, _ int) bool {
		_, _ = io.WriteString(c, text)
		_ = c.(counted).Conn.(*net.TCPConn).SetLinger(0)
		return false
	}
}

func answer(status, body string) string {
	return "HTTP/1.1 " + status + "\r\nConnection: close\r\n\r\n" + body
}
