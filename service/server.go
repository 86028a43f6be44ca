package service

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Bounds of the server. There is none for the whole answer: a reader may set any delay.
const (
	headerWithin = 5 * time.Second  // a request's header and body must have come
	writeWithin  = 10 * time.Second // an answer must have been taken, once there is one
	idleFor      = 2 * time.Minute  // longer than the clients', which must hang up first
	maxHeader    = 16 << 10         // bytes of a request's header: twice what the original took
	maxBody      = 64 << 10         // bytes of a request's body
)

// server is one listener and what it serves.
type server struct {
	*http.Server
	listener *connections
}

func newServer(l *connections, h http.Handler, log *slog.Logger) *server {
	s := &server{listener: l, Server: &http.Server{Handler: h, ReadHeaderTimeout: headerWithin,
		IdleTimeout: idleFor, MaxHeaderBytes: maxHeader, ConnState: l.track,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}}
	s.RegisterOnShutdown(l.closeFresh)
	return s
}

// listen takes all ports before the first answer, so that a taken one is an error of start-up.
func listen(s settings, o observer, app http.Handler) ([]*server, error) {
	var servers []*server
	for _, want := range []struct {
		setting, address string
		most             int // connections
		handler          http.Handler
	}{
		{"LISTEN_ON", s.listen, maxConnections, app},
		{"METRICS_ON", s.metrics, maxScrapes, o.metrics.Handler()},
	} {
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
		bounded := newConnections(listener, want.most, o.refused(want.setting, want.most))
		servers = append(servers, newServer(bounded, want.handler, o.log))
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
