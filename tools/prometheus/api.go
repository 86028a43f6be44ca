package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/grafana/regexp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/route"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/notifications"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// handler serves the part of Prometheus' own API that is about queries and targets, and says at /-/ready
// that it does.
func handler(cfg *config.Config, db *tsdb.DB, scraper *scrape.Manager, registry *prometheus.Registry, log *slog.Logger) http.Handler {
	router := route.New()
	api(cfg, db, scraper, registry, log).Register(router)
	mux := http.NewServeMux()
	for _, path := range []string{"query", "query_range", "labels", "label/", "series", "metadata", "targets",
		"status/buildinfo", "status/config", "status/tsdb"} {
		mux.Handle("/api/v1/"+path, http.StripPrefix("/api/v1", router))
	}
	mux.HandleFunc("GET /-/ready", func(http.ResponseWriter, *http.Request) {})
	return mux
}

// api makes the API with everything left out that is neither a query nor a target.
func api(cfg *config.Config, db *tsdb.DB, scraper *scrape.Manager, registry *prometheus.Registry, log *slog.Logger) *v1.API {
	words := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: log, MaxSamples: 50_000_000, Timeout: 2 * time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: words,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
	})
	ready := func(next http.HandlerFunc) http.HandlerFunc { return next }
	return v1.NewAPI(engine, db, nil, db,
		func(context.Context) v1.ScrapePoolsRetriever { return scraper },
		func(context.Context) v1.TargetRetriever { return scraper },
		nil, // Alertmanagers
		func() config.Config { return *cfg }, nil, v1.GlobalURLOptions{}, ready,
		administered{db}, db.Dir(), false, false, 0, log,
		nil, // rules
		0, 0, 0, false, regexp.MustCompile("^$"),
		func() (v1.RuntimeInfo, error) { return v1.RuntimeInfo{}, nil }, &v1.PrometheusVersion{},
		func() []notifications.Notification { return nil }, nil,
		registry, nil, nil, false, nil, false, false, false, 0, false, false, nil, nil,
		v1.OpenAPIOptions{}, words, false, 0)
}

// administered is a database with what the API would tell its administrators.
type administered struct{ *tsdb.DB }

// BlockMetas implements v1.TSDBAdminStats.
func (a administered) BlockMetas() ([]tsdb.BlockMeta, error) { return a.DB.BlockMetas(), nil }

// Stats implements v1.TSDBAdminStats.
func (a administered) Stats(label string, limit int) (*tsdb.Stats, error) {
	return a.Head().Stats(label, limit), nil
}

// WALReplayStatus implements v1.TSDBAdminStats.
func (a administered) WALReplayStatus() (tsdb.WALReplayStatus, error) {
	return tsdb.WALReplayStatus{}, nil // it was over before there was an API
}
