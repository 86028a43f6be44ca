package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/cluster"
)

// injectedLabel is a label of every pod with a proxy; sidecar is the proxy's container.
const (
	injectedLabel = "service.istio.io/canonical-name"
	sidecar       = "istio-proxy"
)

// wayIn is the address of the ingress of a cluster, as bin/poll_customer.sh has it.
func (a *app) wayIn() string { return cmp.Or(a.getenv("CUSTOMER_URL"), "http://localhost:8280") }

// wayInLine is what opens it, where an overlay of deploy/ was applied.
func wayInLine(namespace string) string {
	return "kubectl -n " + namespace + " port-forward service/customer-gateway-istio 8280:80"
}

// analyzeThere takes files as the lab's verb does, and as istioctl does.
func (a *app) analyzeThere() *cobra.Command {
	return a.wholeLine(&cobra.Command{
		Use:   "analyze [-f FILE] ...",
		Short: "Find mistakes in rule files, or in all rules of the namespace",
		Long: `Find mistakes in rule files, or in all rules of the namespace, by istioctl analyze on the cluster: istioctl
analyze -h has all that may stand behind it.`,
	}, func(ctx context.Context, words []string) error {
		files, others := filesIn(words)
		line := cluster.Line{Tool: cluster.Istioctl, Args: []string{"analyze"}}
		for _, word := range others {
			if isFile(word) {
				files.files = append(files.files, word)
			} else {
				line.Args = append(line.Args, word)
			}
		}
		if files.recursive {
			line.Args = append(line.Args, "-R")
		}
		m, err := a.move(ctx, files)
		if err != nil {
			return err
		}
		if m.text != nil && files.given() {
			files.files, line.Note = []string{"-"}, m.note
		}
		line.Args = append(line.Args, files.files...)
		return a.runThere(ctx, line, cluster.Streams{In: m.text})
	})
}

// routesThere are all routes of a workload's proxy.
func (r *routeFlags) routesThere(cmd *cobra.Command) error {
	for _, flag := range []string{"to", "all", "edition"} {
		if cmd.Flags().Changed(flag) {
			return misusef("--%s is the lab's: a cluster shows all routes of a proxy", flag)
		}
	}
	workload := r.from
	if !strings.Contains(workload, "/") {
		workload = "deployment/" + workload
	}
	line := cluster.Line{Tool: cluster.Istioctl, Args: []string{"proxy-config", "routes", workload}}
	if r.format == "json" {
		line.Args = append(line.Args, "-o", "json")
	}
	return r.runThere(cmd.Context(), line, cluster.Streams{})
}

// proxyLogsThere are the lines of a pod's proxy, or of all.
func (a *app) proxyLogsThere() *cobra.Command {
	return a.wholeLine(&cobra.Command{
		Use:     "proxy-logs [POD] ...",
		Short:   "Show the lines of a pod's proxy, or of all, each with its pod",
		Long:    "Show the lines of a pod's proxy, or of all, each with its pod, by kubectl logs on the cluster.",
		Example: `  bin/lab proxy-logs deployment/preference -f --tail=20`,
	}, func(ctx context.Context, words []string) error {
		args := []string{"logs", "-c", sidecar}
		if len(words) == 0 || strings.HasPrefix(words[0], "-") {
			args = append(args, "-l", injectedLabel, "--prefix", "--tail=-1", "--max-log-requests=100")
		}
		return a.runThere(ctx, cluster.Line{Tool: cluster.Kubectl, Args: append(args, words...)}, cluster.Streams{})
	})
}

// statsThere are counters of a pod's proxy, or of all.
func (a *app) statsThere() *cobra.Command {
	return &cobra.Command{
		Use:   "stats [POD] [FILTER]",
		Short: "Show the proxy's own counters, of a pod or of all",
		Long: `Show the proxy's own counters, of a pod or of all, by kubectl exec on the cluster. FILTER is a regular
expression that must match a part of the name. Istio keeps few of them, unless proxyStatsMatcher says more.`,
		Example: `  bin/lab stats deployment/preference upstream_rq_retry`,
		Args:    cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			pod, filter := "", ""
			switch {
			case len(args) == 2:
				pod, filter = args[0], args[1]
			case len(args) == 1 && mayBePod(args[0]):
				pod = args[0]
			case len(args) == 1:
				filter = args[0]
			}
			if pod != "" {
				return a.runThere(cmd.Context(), statsLine(pod, filter), cluster.Streams{})
			}
			return a.statsOfAll(cmd.Context(), filter)
		},
	}
}

func statsLine(pod, filter string) cluster.Line {
	path := "stats"
	if filter != "" {
		path += "?filter=" + url.QueryEscape(filter)
	}
	return cluster.Line{Tool: cluster.Kubectl, Args: []string{
		"exec", pod, "-c", sidecar, "--", "pilot-agent", "request", "GET", path,
	}}
}

// statsOfAll begins each line with its pod.
func (a *app) statsOfAll(ctx context.Context, filter string) error {
	pods, err := a.tools().Output(ctx, "", cluster.Line{Tool: cluster.Kubectl, Args: []string{
		"get", "pods", "-l", injectedLabel, "--field-selector=status.phase=Running", "-o", "name",
	}})
	if err != nil {
		return err
	}
	for _, pod := range strings.Fields(pods) {
		text, err := a.tools().Output(ctx, "", statsLine(pod, filter))
		if err != nil {
			return err
		}
		for line := range strings.Lines(text) {
			if strings.TrimSpace(line) != "" {
				fmt.Fprint(a.stdout, strings.TrimPrefix(pod, "pod/")+" "+line)
			}
		}
	}
	return nil
}
