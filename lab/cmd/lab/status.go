package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

func (a *app) statusVerb() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show a summary of the lab",
		Example: `  bin/lab status
  bin/lab status -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := jsonOnly(format); err != nil {
				return err
			}
			s, err := a.askStatus(cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(a.stdout, s)
			}
			err = writeStatus(a.fitted(), s, time.Now())
			if export := a.doorsHere(s); err == nil && export != "" {
				a.adviseDoors(export)
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "", "json")
	return cmd
}

func writeStatus(w io.Writer, s control.Status, now time.Time) error {
	columns := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintln(columns, name+"\t"+document.Printable(fmt.Sprintf(format, args...)))
	}
	line("Lab", "%s, %s since %v, pid %d", s.Name, strings.ToLower(string(s.Phase)),
		now.Sub(s.Started).Round(time.Second), s.PID)
	line("Ingress", "%s", s.Ingress)
	line("Page", "%s", cmp.Or(s.Page, "none: it was started with --console off"))
	for i, text := range doorLines(s) {
		line([]string{"TLS", ""}[min(i, 1)], "%s", text)
	}
	for i, k := range s.Keyless {
		line([]string{"Tokens", ""}[min(i, 1)], "RequestAuthentication %s/%s: %s", k.Namespace, k.Name, k.Sentence())
	}
	if s.Proxy.PID != 0 { // else it has not started yet
		line("Metrics", "%s", s.Metrics)
		line("Envoy", "%s", proxyLine(s.Proxy))
	}
	line("Pods", "%s", podsLine(s.Pods))
	line("Rules", "%s", rulesLine(s.Rules))
	line("Edition", "%s", s.Edition)
	if s.Tracing != "" {
		line("Tracing", "%s", s.Tracing)
	}
	if s.Internet {
		line("Outside", "the real hosts")
	}
	return columns.Flush()
}

// doorLines are about encrypted connections: where they are taken and for which hosts, and each part of a Gateway
// that has not what it needs. There are none without such a part.
func doorLines(s control.Status) []string {
	var hosts, rest []string
	for _, d := range s.Doors {
		what := fmt.Sprintf("%s, %s, for %s: ", d.Rule, d.Part, strings.Join(d.Hosts, ", "))
		switch {
		case d.Open && d.Problem != "":
			rest = append(rest, what+"goes on with an earlier certificate: "+d.Problem)
		case d.Problem != "":
			rest = append(rest, what+"closed: "+d.Problem)
		}
		if d.Open {
			hosts = append(hosts, d.Hosts...)
		}
	}
	switch {
	case len(s.Doors) == 0:
		return nil
	case len(hosts) == 0:
		return append([]string{"nobody listens at " + s.Secure}, rest...)
	}
	slices.Sort(hosts)
	return append([]string{fmt.Sprintf("%s, for %s", s.Secure, strings.Join(slices.Compact(hosts), ", "))}, rest...)
}

func proxyLine(p control.ProxyStatus) string {
	text := fmt.Sprintf("%s, %s, pid %d (%s)", p.Version, strings.ToLower(p.State), p.PID, p.Path)
	if p.Restarts > 0 {
		text += fmt.Sprintf(", restarts: %d", p.Restarts)
	}
	return text
}

// podsLine names those that are not ready, with the reason.
func podsLine(list []pods.Pod) string {
	ready, text := 0, ""
	for _, p := range list {
		if p.Ready == p.Containers {
			ready++
			continue
		}
		text += fmt.Sprintf("; %s: %s", p.Name.Name, p.Status)
		if p.Reason != "" {
			text += ": " + p.Reason
		}
	}
	return fmt.Sprintf("%d of %d ready%s", ready, len(list), text)
}

func rulesLine(rules []objects.Ref) string {
	if len(rules) == 0 {
		return "none"
	}
	names := make([]string, len(rules))
	for i, r := range rules {
		kind, _, _ := strings.Cut(r.Resource, ".")
		names[i] = cmp.Or(r.Type, kind) + "/" + r.Name
	}
	return strings.Join(names, ", ")
}
