package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/load"
)

// siege is the verb's flags, which are siege's.
type siege struct {
	*app
	load.Config
	headers  []string
	agent    string
	duration string
	verbose  bool
}

func (a *app) load() *cobra.Command {
	s := &siege{app: a}
	cmd := &cobra.Command{
		Use:   "load [-c USERS] [-r TIMES] [URL]",
		Short: "Send requests as many users at once, as siege does",
		Long: `Send requests as many users at once, as siege does, until all are done or until Ctrl-C. URL is the
lab's ingress by default. COUNT requests altogether are -c 1 -r COUNT; -n is no count here. The exit status is 1 if nothing answered.`,
		Example: `  bin/lab load -c 20 -r 2 -v
  bin/lab load -c 5 -t 10S -A Safari`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.IntVarP(&s.Users, "concurrent", "c", 25, "users at the same time")
	flags.IntVarP(&s.Requests, "reps", "r", 0, "requests of each user; 0 is until Ctrl-C")
	flags.StringVarP(&s.duration, "time", "t", "", "how long to send: 10S, 5M, 1H, or a Go duration")
	flags.DurationVarP(&s.Delay, "delay", "d", 0, "longest pause before each request; the pause is random")
	flags.BoolVarP(&s.verbose, "verbose", "v", false, "show every answer")
	flags.StringArrayVarP(&s.headers, "header", "H", nil, "header to send, 'NAME: VALUE'; may be repeated")
	flags.StringVarP(&s.agent, "user-agent", "A", "lab", "User-Agent to send")
	return cmd
}

func (s *siege) run(ctx context.Context, args []string) error {
	if s.explicit { // others count by -n
		return counsel(fmt.Sprintf("load: -n is the namespace, which load does not need; for %s requests: "+
			"bin/lab load -c 1 -r %[1]s", s.namespace))
	}
	duration, err := parseDuration(s.duration)
	if err != nil {
		return err
	}
	if s.Header, err = parseHeaders(s.headers, s.agent); err != nil {
		return err
	}
	if s.URL, err = s.target(ctx, args); err != nil {
		return err
	}
	if err := s.Validate(); err != nil {
		return misuse{err}
	}
	if duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, duration)
		defer cancel()
	}
	s.Each = s.show
	fmt.Fprintf(s.stdout, "** %d concurrent users ask %s\n", s.Users, s.URL)
	summary, err := load.Run(ctx, s.Config)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.stdout)
	summary.Write(s.stdout)
	if summary.Transactions == 0 && summary.Unanswered > 0 && summary.Unanswered == summary.Failed {
		return exitStatus(failed)
	}
	return nil
}

func (s *siege) target(ctx context.Context, args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	client, err := s.client()
	if err != nil {
		return "", err
	}
	status, err := client.Status(ctx)
	return status.Ingress, err
}

func (s *siege) show(hit load.Hit) {
	switch {
	case hit.Err != nil:
		s.complain(hit.Err.Error())
	case s.verbose:
		fmt.Fprintf(s.stdout, "%s %d%9.2f secs: %7d bytes ==> GET  %s\n",
			hit.Proto, hit.Status, hit.Took.Seconds(), hit.Bytes, hit.Path)
	}
}

// parseDuration takes siege's way to write one, where a number alone is minutes, and Go's.
func parseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	plain := strings.ToLower(text)
	if strings.Trim(plain, "0123456789") == "" {
		plain += "m"
	}
	d, err := time.ParseDuration(plain)
	if err != nil || d <= 0 {
		return 0, misusef("--time=%s: want a time such as 10S, 5M or 1m30s", text)
	}
	return d, nil
}

func parseHeaders(lines []string, agent string) (http.Header, error) {
	header := http.Header{"User-Agent": {agent}}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, misusef("--header=%q: want 'NAME: VALUE'", line)
		}
		header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}
