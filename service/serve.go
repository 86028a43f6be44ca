package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"istio-tutorial/service/accesslog"
	"istio-tutorial/service/health"
	"istio-tutorial/service/metrics"
	"istio-tutorial/service/tracing"
)

// finishWithin bounds what is in flight when the drain is over. It is more than what any
// service waits for its next hop.
const finishWithin = 40 * time.Second

// heapGrowth is how much garbage may come before it is collected, in percent of what Go counts
// as in use, which is 4 MB at least. Go's own 100 has a service stop for it twenty times a
// second under load; 140 spares a quarter of that and costs 2 MB.
const heapGrowth = 140

// serve answers requests until ctx is cancelled, then ends in order: not ready at once, on
// with serving for the drain, what is in flight finished, spans and log written.
func serve(ctx context.Context, p Program, in Process, s settings) (err error) {
	if in.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
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
	return running{servers: servers, drain: s.drain, health: state, log: log}.until(ctx)
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
