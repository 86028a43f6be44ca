package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) metrics() *cobra.Command {
	var forPrometheus bool
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "Show what rules of kind metric count, in Prometheus' format",
		Example: `  bin/lab create -f istiofiles/recommendation_requestcount.yml
  bin/lab metrics
  bin/lab metrics --prometheus >out/prometheus.yml`,
		Args: cobra.NoArgs,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, _ []string) error {
			if forPrometheus {
				status, err := client.Status(cmd.Context())
				if err != nil {
					return err
				}
				return writeScrapes(a.stdout, status)
			}
			text, err := client.Metrics(cmd.Context())
			if err == nil && text == "" {
				a.tell("nothing is counted: rules of kind metric (docs/metrics.md) count requests, once some have come")
			}
			fmt.Fprint(a.stdout, text)
			return err
		}),
	}
	cmd.Flags().BoolVar(&forPrometheus, "prometheus", false,
		"instead, print a configuration with which a Prometheus on this machine reads the lab's metrics and the programs'")
	return cmd
}

// writeScrapes writes a configuration for Prometheus that holds as long as the lab runs.
func writeScrapes(w io.Writer, s control.Status) error {
	u, err := url.Parse(s.Metrics)
	if err != nil || u.Host == "" {
		return fmt.Errorf("the lab %s is not running yet, or not any more: ask it again", s.Name)
	}
	_, err = fmt.Fprintf(w, `# For Prometheus, as long as the lab %s runs.
global:
  scrape_interval: 5s
scrape_configs:
- job_name: istio-tutorial # the programs' own metrics, wherever their pods are
  http_sd_configs:
  - url: %s
    refresh_interval: 5s
- job_name: lab # what rules of kind metric count
  static_configs:
  - targets: ["%s"]
`, s.Name, s.Targets, u.Host)
	return err
}
