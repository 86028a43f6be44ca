package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"istio-tutorial/service/accesslog"
	"istio-tutorial/service/health"
	"istio-tutorial/service/metrics"
	"istio-tutorial/service/tracing"
)

// Bounds of the server. There is none for the whole answer: a reader may set any delay.
const (
	headerWithin = 5 * time.Second  // a request's header and body must have come
	writeWithin  = 10 * time.Second // an answer must have been taken, once there is one
	idleFor      = 2 * time.Minute  // longer than the clients', which must hang up first
	maxHeader    = 64 << 10         // bytes of a request's header
	maxBody      = 64 << 10         // bytes of a request's body
	finishWithin = 40 * time.Second // for what is in flight when the drain is over
)

// serve answers requests until ctx is cancelled, then ends in order: not ready at once, on
// with serving for the drain, what is in flight finished, spans and log written.
func serve(ctx context.Context, p Program, in Process, s settings) (err error) {
	log, logEnd := accesslog.New(in.Stdout, s.logFormat)
	defer func() { err = errors.Join(err, logEnd.Close()) }()
	tracer, err := tracing.New(s.tracing, log)
	if err != nil {
		return fmt.Errorf("TRACING: %w", err)
	}
	defer func() {
		if err := tracer.Close(); err != nil {
			log.Warn(err.Error())
		}
	}()
	state, counts := &health.State{}, metrics.New(p.Name)
	o := observer{log: log, tracer: tracer, metrics: counts, health: state}
	servers, err := listen(s, o.router(p), counts.Handler(), log)
	if err != nil {
		return err
	}
	log.Info("listening", where(servers)...)
	return run(ctx, servers, s.drain, state, log)
}

// server is one listener and what it serves.
type server struct {
	*http.Server
	listener net.Listener
}

// listen takes all ports before the first answer, so that a taken one is an error of start-up.
func listen(s settings, app, metrics http.Handler, log *slog.Logger) ([]server, error) {
	var servers []server
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
		servers = append(servers, server{listener: listener, Server: &http.Server{
			Handler: want.handler, ReadHeaderTimeout: headerWithin, IdleTimeout: idleFor,
			MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}})
	}
	return servers, nil
}

// where names the addresses in the log: the system may have chosen the ports.
func where(servers []server) []any {
	on := []any{"on", servers[0].listener.Addr().String()}
	if len(servers) > 1 {
		on = append(on, "metrics", servers[1].listener.Addr().String())
	}
	return on
}

func run(ctx context.Context, servers []server, drain time.Duration, state *health.State, log *slog.Logger) error {
	ended := make(chan error, len(servers))
	for _, s := range servers {
		go func() { ended <- s.Serve(s.listener) }()
	}
	select {
	case err := <-ended: // only a broken listener ends a server by itself
		return err
	case <-ctx.Done():
	}
	state.Drain()
	log.Info("draining", "for", drain.String())
	<-time.After(drain)
	within, cancel := context.WithTimeout(context.Background(), finishWithin)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if err := s.Shutdown(within); err != nil {
			errs = append(errs, fmt.Errorf("unfinished requests: %w", err))
		}
	}
	log.Info("ended")
	return errors.Join(errs...)
}
