package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

// start is up and its flags.
type start struct {
	*app
	listen, tracing, edition string
	internet                 bool
}

const defaultListen = "127.0.0.1:8280"

func (a *app) up() *cobra.Command {
	s := &start{app: a}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the mesh of deploy/, and keep it running until Ctrl-C",
		Long: `Start the mesh of deploy/ (what "kubectl apply -k deploy" would start), and keep it running
until Ctrl-C or "bin/lab down". Everything listens only on this machine's loopback.`,
		Example: `  bin/lab up
  bin/lab up --edition v1
  bin/lab up --name second --listen 127.0.0.1:8281
  bin/lab up --tracing zipkin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			defer surviveBrokenPipe()()
			s.stdout = heard{s.stdout, cancel}
			err := s.run(ctx)
			if ctx.Err() != nil && errors.Is(err, context.Canceled) { // Ctrl-C is the way to end it
				return nil
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.listen, "listen", defaultListen, "address of the ingress; port 0 is any free one")
	a.declareEdition(cmd, &s.edition)
	flags.StringVar(&s.tracing, "tracing", "",
		"send traces to the zipkin or jaeger on this machine")
	flags.BoolVar(&s.internet, "internet", false,
		"send calls out of the mesh to the real hosts, not to stand-ins")
	return cmd
}

// declareEdition is for verbs that know what holds without a rule.
func (a *app) declareEdition(cmd *cobra.Command, edition *string) {
	cmd.Flags().StringVar(edition, "edition", a.standardEdition(),
		"defaults without rules: classic, v1 or gateway-api ($LAB_EDITION)")
}

func (a *app) standardEdition() string {
	return cmp.Or(a.getenv("LAB_EDITION"), string(control.Classic))
}

func checkEdition(edition string) error {
	known := []control.Edition{control.Classic, control.V1, control.GatewayAPI}
	if !slices.Contains(known, control.Edition(edition)) {
		return misusef("--edition=%s: want classic, v1 or gateway-api", edition)
	}
	return nil
}

func (s *start) check() error {
	if err := checkEdition(s.edition); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "zipkin", "jaeger"}, s.tracing) {
		return misusef("--tracing=%s: want zipkin or jaeger", s.tracing)
	}
	if !strings.Contains(s.listen, ":") {
		s.listen = ":" + s.listen
	}
	host, port, err := net.SplitHostPort(s.listen)
	if err != nil {
		return misusef("--listen: %w", err)
	}
	if host = cmp.Or(host, "127.0.0.1"); host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return misusef("--listen=%s: want an address that only this machine reaches, such as %s",
			s.listen, defaultListen)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return misusef("--listen=%s: port %q: want a number up to 65535", s.listen, port)
	}
	s.listen = net.JoinHostPort(host, port)
	return nil
}
