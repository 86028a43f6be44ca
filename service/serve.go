package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"istio-tutorial/service/accesslog"
	"istio-tutorial/service/health"
	"istio-tutorial/service/metrics"
	"istio-tutorial/service/tracing"
)

// finishWithin bounds what is in flight when the drain is over. It is more than what any
// service waits for its next hop, and ends with the manifests' drain of 5 s within the 45 s
// that they leave a pod.
const finishWithin = 36 * time.Second

// serve answers requests until ctx is cancelled, then ends in order: not ready at once, on
// with serving for the drain, what is in flight finished, spans and log written.
func serve(ctx context.Context, p Program, in Process, s settings) error {
	log, lines := accesslog.New(in.Stdout, s.logFormat)
	defer func() { // without an effect on the exit status: the service has done its work
		if err := lines.Close(); err != nil && !errors.Is(err, accesslog.ErrStuck) {
			complain(in, p, ok, fmt.Errorf("log: %w", err))
		}
	}()
	if in.Serving != nil {
		in.Serving(log)
	}
	tracer, err := tracing.New(s.tracing, log)
	if err != nil {
		return fmt.Errorf("TRACING: %w", err)
	}
	defer func() {
		if err := tracer.Close(); err != nil {
			log.Warn(err.Error())
		}
	}()
	o := observer{log: log, tracer: tracer, metrics: metrics.New(p.Name, lines.Dropped), health: &health.State{}}
	servers, err := listen(s, o, o.router(p))
	if err != nil {
		return err
	}
	log.Info("listening", where(servers)...)
	return running{servers: servers, drain: s.drain, health: o.health, log: log}.until(ctx)
}

// running is a service that answers, and what it takes to end it.
type running struct {
	servers []*server
	drain   time.Duration
	health  *health.State
	log     *slog.Logger
}

func (r running) until(ctx context.Context) error {
	ended := make(chan error, len(r.servers))
	for _, s := range r.servers {
		go func() { ended <- s.Serve(s.listener) }()
	}
	select {
	case err := <-ended: // only a broken listener ends a server by itself
		return err
	case <-ctx.Done():
	}
	r.health.Drain()
	r.log.Info("draining", "for", r.drain.String())
	<-time.After(r.drain)
	within, cancel := context.WithTimeout(context.Background(), finishWithin)
	defer cancel()
	var errs []error
	for _, s := range r.servers {
		if err := s.Shutdown(within); err != nil {
			errs = append(errs, fmt.Errorf("unfinished requests: %w", err))
		}
	}
	r.log.Info("ended")
	return errors.Join(errs...)
}
