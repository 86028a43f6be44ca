package service

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Connections that a listener has open at most. Each costs about 30 KB, and up to 60 KB with a
// large header: all of them fit the 64 MiB that a pod has in the manifests.
const (
	maxConnections = 512
	maxScrapes     = 32 // on the metrics' port
)

// What a connection that there is no room for is told, by so many at a time, for so long.
const (
	tooMany = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n" +
		"Content-Length: 21\r\nConnection: close\r\n\r\ntoo many connections\n"
	refusers     = 256
	refuseWithin = time.Second / 4
)

// restless is for how long a connection without a request is left alone: its request may be on
// its way.
const restless = time.Second

// connections bounds how many a listener has open. When there is no room for a new one, the one
// goes that has been without a request for the longest; when all have one, or had it just now,
// the new one is told so. It is the listener that http.Server gets. Make it with newConnections.
type connections struct {
	net.Listener
	most     int
	refused  func() // is called for each that is told so
	refusers chan struct{}

	mu   sync.Mutex
	open map[net.Conn]*connection
}

type connection struct {
	state http.ConnState
	since time.Time
}

func newConnections(l net.Listener, most int, refused func()) *connections {
	return &connections{Listener: l, most: most, refused: refused,
		refusers: make(chan struct{}, refusers), open: map[net.Conn]*connection{}}
}

// Accept implements net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.admit(c) {
			return c, err
		}
		l.refused()
		l.refuse(c)
	}
}

func (l *connections) admit(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.most && !l.evict() {
		return false
	}
	l.open[c] = &connection{http.StateNew, time.Now()}
	return true
}

// evict closes the connection that has waited for a request for the longest, if any does.
func (l *connections) evict() bool {
	var oldest net.Conn
	for c, is := range l.open {
		if is.state != http.StateActive && (oldest == nil || is.since.Before(l.open[oldest].since)) {
			oldest = c
		}
	}
	if oldest == nil || time.Since(l.open[oldest].since) < restless {
		return false
	}
	delete(l.open, oldest)
	_ = oldest.Close()
	return true
}

// refuse tells the client that there is no room, once its request comes: before that, clients take
// an answer for a mistake. It reads what has come: closed with that unread, the connection would
// be reset, and the answer with it.
func (l *connections) refuse(c net.Conn) {
	select {
	case l.refusers <- struct{}{}:
	default:
		_ = c.Close()
		return
	}
	go func() {
		defer func() { <-l.refusers }()
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(refuseWithin))
		_, _ = c.Read(make([]byte, 1))
		_ = c.SetDeadline(time.Now().Add(refuseWithin))
		_, _ = io.WriteString(c, tooMany)
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		_, _ = io.Copy(io.Discard, c)
	}()
}

// track is the server's ConnState.
func (l *connections) track(c net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	is := l.open[c]
	switch {
	case is == nil: // evicted
	case state == http.StateClosed || state == http.StateHijacked:
		delete(l.open, c)
	case state == http.StateIdle:
		is.since = time.Now()
		fallthrough
	default:
		is.state = state
	}
}

// closeFresh closes the connections that clients hold in reserve and never used. Shutdown would
// wait 5 s for a request on each.
func (l *connections) closeFresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, is := range l.open {
		if is.state == http.StateNew {
			_ = c.Close()
		}
	}
}
