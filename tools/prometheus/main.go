// Command prometheus is what the tests of metrics need of Prometheus, under the same flags: it reads a
// configuration, scrapes what that and files or addresses of targets name, keeps it, and answers
// Prometheus' query API. The page, rules, alerts, remote storage and the discovery of other targets are
// most of what Prometheus takes minutes to compile.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	_ "github.com/prometheus/prometheus/discovery/file" // registers file_sd_configs
	_ "github.com/prometheus/prometheus/discovery/http" // registers http_sd_configs
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "prometheus:", err)
		os.Exit(1)
	}
}

// settings are the flags, which have Prometheus' names.
type settings struct{ config, listen, storage string }

func run(ctx context.Context, args []string) error {
	var s settings
	flags := flag.NewFlagSet("prometheus", flag.ExitOnError)
	flags.StringVar(&s.config, "config.file", "prometheus.yml", "the configuration")
	flags.StringVar(&s.listen, "web.listen-address", "127.0.0.1:9090", "host:port of the API")
	flags.StringVar(&s.storage, "storage.tsdb.path", "", "folder of the figures; without it they are gone at the end")
	_ = flags.Parse(args) // it has exited
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: no such argument", flags.Arg(0))
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg, err := config.LoadFile(s.config, false, log)
	if err != nil {
		return err
	}
	if s.storage == "" {
		if s.storage, err = os.MkdirTemp("", "prometheus"); err != nil {
			return err
		}
		defer os.RemoveAll(s.storage)
	}
	db, err := tsdb.Open(s.storage, log, nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return errors.Join(work(ctx, s, cfg, db, log), db.Close())
}

// work discovers, scrapes and answers until ctx is over.
func work(ctx context.Context, s settings, cfg *config.Config, db *tsdb.DB, log *slog.Logger) error {
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	registry := prometheus.NewRegistry()
	group, ctx := errgroup.WithContext(ctx)
	targets, err := discover(ctx, cfg, registry, log)
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	scraper, err := scrape.NewManager(nil, log, nil, nil, db, registry)
	if err != nil {
		return fmt.Errorf("scrape: %w", err)
	}
	if err := scraper.ApplyConfig(cfg); err != nil {
		return fmt.Errorf("scrape: %w", err)
	}
	server := &http.Server{Handler: handler(cfg, db, scraper, registry, log), ReadHeaderTimeout: 5 * time.Second}
	group.Go(func() error {
		if err := targets.Run(); ctx.Err() == nil {
			return err
		}
		return nil
	})
	group.Go(func() error { return scraper.Run(targets.SyncCh()) })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		scraper.Stop()
		return server.Close()
	})
	return group.Wait()
}

// discover returns what finds the targets of the configuration.
func discover(ctx context.Context, cfg *config.Config, registry *prometheus.Registry, log *slog.Logger) (*discovery.Manager, error) {
	figures, err := discovery.CreateAndRegisterSDMetrics(registry)
	if err != nil {
		return nil, err
	}
	targets := discovery.NewManager(ctx, log, registry, figures, discovery.Name("scrape"))
	if targets == nil {
		return nil, errors.New("its figures are there already")
	}
	scrapes, err := cfg.GetScrapeConfigs()
	if err != nil {
		return nil, err
	}
	wanted := map[string]discovery.Configs{}
	for _, s := range scrapes {
		wanted[s.JobName] = s.ServiceDiscoveryConfigs
	}
	return targets, targets.ApplyConfig(wanted)
}
