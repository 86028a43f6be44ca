// Command jaeger is what the tracing tests need of Jaeger's all-in-one, under the same flags: the
// agent, the collector and the query service, with the store in memory. The other stores are most
// of what the all-in-one takes minutes to compile.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	agent "github.com/jaegertracing/jaeger/cmd/agent/app"
	"github.com/jaegertracing/jaeger/cmd/agent/app/reporter"
	"github.com/jaegertracing/jaeger/cmd/agent/app/reporter/grpc"
	collector "github.com/jaegertracing/jaeger/cmd/collector/app"
	collectorflags "github.com/jaegertracing/jaeger/cmd/collector/app/flags"
	"github.com/jaegertracing/jaeger/cmd/internal/flags"
	query "github.com/jaegertracing/jaeger/cmd/query/app"
	"github.com/jaegertracing/jaeger/cmd/query/app/querysvc"
	"github.com/jaegertracing/jaeger/pkg/config"
	"github.com/jaegertracing/jaeger/pkg/jtracer"
	"github.com/jaegertracing/jaeger/pkg/metrics"
	"github.com/jaegertracing/jaeger/pkg/telemetery"
	"github.com/jaegertracing/jaeger/pkg/tenancy"
	"github.com/jaegertracing/jaeger/plugin/metrics/disabled"
	"github.com/jaegertracing/jaeger/plugin/sampling/strategyprovider/static"
	"github.com/jaegertracing/jaeger/plugin/storage/memory"
	"github.com/jaegertracing/jaeger/ports"
)

func main() {
	if err := command().Execute(); err != nil { // cobra has printed it
		os.Exit(1)
	}
}

func command() *cobra.Command {
	j := &jaeger{Service: flags.NewService(ports.CollectorAdminHTTP), settings: viper.New(),
		store: memory.NewFactory(), sampling: static.NewFactory()}
	cmd := &cobra.Command{Use: "jaeger", SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return j.run(cmd.Context()) }}
	config.AddFlags(j.settings, cmd, j.AddFlags, j.store.AddFlags, agent.AddFlags, reporter.AddFlags,
		grpc.AddFlags, collectorflags.AddFlags, query.AddFlags, j.sampling.AddFlags)
	return cmd
}

// jaeger is the parts, which start one after the other and end in the opposite order.
type jaeger struct {
	*flags.Service
	settings *viper.Viper
	store    *memory.Factory
	sampling *static.Factory
	metrics  metrics.Factory
	closers  []func() error
}

// run starts all parts, and ends them at SIGINT or SIGTERM.
func (j *jaeger) run(ctx context.Context) error {
	if err := j.Start(j.settings); err != nil {
		return err
	}
	j.metrics = j.MetricsFactory.Namespace(metrics.NSOptions{Name: "jaeger"})
	defer func() { _ = j.close() }() // of what has started before an error
	j.store.InitFromViper(j.settings, j.Logger)
	if err := j.store.Initialize(j.metrics, j.Logger); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	options, err := new(collectorflags.CollectorOptions).InitFromViper(j.settings, j.Logger)
	if err != nil {
		return fmt.Errorf("collector: %w", err)
	}
	tenants := tenancy.NewManager(&options.GRPC.Tenancy)
	if err := j.collect(options, tenants); err != nil {
		return fmt.Errorf("collector: %w", err)
	}
	if err := j.relay(ctx, options.GRPC.HostPort); err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	if err := j.answer(tenants); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	j.RunAndThen(func() { err = j.close() })
	return err
}

// part has the closer called when Jaeger ends.
func (j *jaeger) part(closer func() error) { j.closers = append(j.closers, closer) }

func (j *jaeger) close() error {
	var all []error
	for len(j.closers) > 0 {
		last := len(j.closers) - 1
		all = append(all, j.closers[last]())
		j.closers = j.closers[:last]
	}
	return errors.Join(all...)
}

func (j *jaeger) namespace(name string) metrics.Factory {
	return j.metrics.Namespace(metrics.NSOptions{Name: name})
}

// collect starts the collector, which takes spans over HTTP, from Zipkin's clients, and from the agent.
func (j *jaeger) collect(options *collectorflags.CollectorOptions, tenants *tenancy.Manager) error {
	spans, err := j.store.CreateSpanWriter()
	if err != nil {
		return err
	}
	j.sampling.InitFromViper(j.settings, j.Logger)
	if err := j.sampling.Initialize(j.namespace("collector"), j.store, j.Logger); err != nil {
		return err
	}
	strategies, aggregator, err := j.sampling.CreateStrategyProvider()
	if err != nil {
		return err
	}
	c := collector.New(&collector.CollectorParams{ServiceName: "jaeger-collector", Logger: j.Logger,
		MetricsFactory: j.namespace("collector"), SpanWriter: spans, SamplingProvider: strategies,
		SamplingAggregator: aggregator, HealthCheck: j.HC(), TenancyMgr: tenants})
	j.part(c.Close)
	return c.Start(options)
}

// relay starts the agent, which takes spans over UDP and hands them to the collector.
func (j *jaeger) relay(ctx context.Context, to string) error {
	connection, err := grpc.NewConnBuilder().InitFromViper(j.settings)
	if err != nil {
		return err
	}
	if len(connection.CollectorHostPorts) == 0 {
		connection.CollectorHostPorts = []string{to}
	}
	ctx, cancel := context.WithCancel(ctx)
	j.part(func() error { cancel(); return nil })
	proxy, err := grpc.NewCollectorProxy(ctx, connection, nil, j.namespace("agent"), j.Logger)
	if err != nil {
		return err
	}
	j.part(proxy.Close)
	a, err := new(agent.Builder).InitFromViper(j.settings).CreateAgent(proxy, j.Logger, j.namespace("agent"))
	if err != nil {
		return err
	}
	if err := a.Run(); err != nil {
		return err
	}
	j.part(func() error { a.Stop(); return nil })
	return nil
}

// answer starts the query service.
func (j *jaeger) answer(tenants *tenancy.Manager) error {
	options, err := new(query.QueryOptions).InitFromViper(j.settings, j.Logger)
	if err != nil {
		return err
	}
	spans, err := j.store.CreateSpanReader()
	if err != nil {
		return err
	}
	dependencies, err := j.store.CreateDependencyReader()
	if err != nil {
		return err
	}
	figures, err := disabled.NewMetricsReader()
	if err != nil {
		return err
	}
	service := querysvc.NewQueryService(spans, dependencies, *options.BuildQueryServiceOptions(j.store, j.Logger))
	s, err := query.NewServer(service, figures, options, tenants, telemetery.Setting{Logger: j.Logger,
		TracerProvider: jtracer.NoOp().OTEL, Metrics: j.namespace("query"), ReportStatus: telemetery.HCAdapter(j.HC())})
	if err != nil {
		return err
	}
	j.part(s.Close)
	return s.Start()
}
