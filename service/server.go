package service

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Bounds of the server. There is none for the whole answer: a reader may set any delay.
const (
	headerWithin = 5 * time.Second  // a request's header and body must have come
	writeWithin  = 10 * time.Second // an answer must have been taken, once there is one
	idleFor      = 2 * time.Minute  // longer than the clients', which must hang up first
	maxHeader    = 64 << 10         // bytes of a request's header
	maxBody      = 64 << 10         // bytes of a request's body
)

// server is one listener and what it serves.
type server struct {
	*http.Server
	listener net.Listener

	mu    sync.Mutex
	fresh map[net.Conn]bool // connections that brought no request yet
}

func newServer(l net.Listener, h http.Handler, log *slog.Logger) *server {
	s := &server{listener: l, fresh: map[net.Conn]bool{}}
	s.Server = &http.Server{Handler: h, ReadHeaderTimeout: headerWithin, IdleTimeout: idleFor,
		MaxHeaderBytes: maxHeader, ConnState: s.track,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	s.RegisterOnShutdown(s.closeFresh)
	return s
}

func (s *server) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.fresh[c] = true
	} else {
		delete(s.fresh, c)
	}
}

// closeFresh ends the connections that clients hold in reserve and never used. Shutdown would
// wait 5 s for a request on each.
func (s *server) closeFresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.fresh {
		_ = c.Close()
	}
}

// listen takes all ports before the first answer, so that a taken one is an error of start-up.
func listen(s settings, app, metrics http.Handler, log *slog.Logger) ([]*server, error) {
	var servers []*server
	for _, want := range []struct {
		setting, address string
		handler          http.Handler
	}{{"LISTEN_ON", s.listen, app}, {"METRICS_ON", s.metrics, metrics}} {
		if want.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", want.address)
		if err != nil {
			for _, s := range servers {
				_ = s.listener.Close()
			}
			return nil, fmt.Errorf("%s: %w", want.setting, err)
		}
		servers = append(servers, newServer(listener, want.handler, log))
	}
	return servers, nil
}

// where names the addresses in the log: the system may have chosen the ports.
func where(servers []*server) []any {
	on := []any{"on", servers[0].listener.Addr().String()}
	if len(servers) > 1 {
		on = append(on, "metrics", servers[1].listener.Addr().String())
	}
	return on
}
