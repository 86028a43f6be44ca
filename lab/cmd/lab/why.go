package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
)

// whyFlags say which requests are explained.
type whyFlags struct {
	*app
	client *control.Client
	last   int
	not    string
	watch  bool
	send   sendFlags
	format string
	lang   string
}

// printer explains in the reader's language.
func (w *whyFlags) printer(ctx context.Context) whyPrinter {
	return whyPrinter{speechOf(w.lang), w.stdout, w.line, isGone(ctx, w.client)}
}

func (a *app) why() *cobra.Command {
	w := &whyFlags{app: a}
	cmd := &cobra.Command{
		Use:   "why [ID]",
		Short: "Explain an answer: who made it, and because of which rule",
		Long: `Explain an answer: who made it, because of which line of which file, and what was tried.

Without ID it explains the last answer that was not fine (2xx), or else the last one. ID is a
request's x-request-id, or the first characters of it.

--send sends a request of its own and explains that: to the ingress, or with --from from a pod of a
Deployment, through its sidecar, to an address.`,
		Example: `  bin/lab why
  bin/lab why -n 3
  bin/lab why --send -H 'User-Agent: Mozilla/5.0 Safari'
  bin/lab why --send --from recommendation-v1 http://preference:8080
  bin/lab why --not v2
  bin/lab why --watch`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := w.check(cmd); err != nil {
				return err
			}
			if w.client, err = a.client(); err != nil {
				return err
			}
			return w.run(cmd.Context(), args)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&w.last, "last", 1, "explain this many of the last answers, good or not; also -n with a number")
	flags.StringVar(&w.not, "not", "", "explain why the request did not reach this version, subset or workload")
	flags.BoolVarP(&w.watch, "watch", "w", false, "explain each new kind of answer once, until it is interrupted")
	flags.StringVarP(&w.format, "output", "o", "", "json")
	flags.StringVar(&w.lang, "lang", a.language(), "language of the explanation: en or zh ($LANG)")
	w.send.declare(cmd)
	return cmd
}

func (w *whyFlags) check(cmd *cobra.Command) error {
	chosen, err := w.counted(cmd)
	switch {
	case err != nil:
		return err
	case w.format != "" && w.format != "json":
		return misusef("--output=%s: want json, or nothing", w.format)
	case w.lang != english && w.lang != chinese:
		return misusef("--lang=%s: want en or zh", w.lang)
	case w.last < 1:
		return misusef("--last=%d: want 1 or more", w.last)
	case w.watch && w.send.on:
		return misusef("--watch and --send: want one of them")
	}
	if !chosen {
		w.last = 0
	}
	return w.send.check(cmd)
}

// counted reads -n, other verbs' flag of the namespace, as how many answers are meant; it reports whether any
// number was given.
func (w *whyFlags) counted(cmd *cobra.Command) (bool, error) {
	n, err := strconv.Atoi(w.namespace)
	switch {
	case w.explicit && err == nil: // no namespace has such a name
		w.namespace, w.last = tutorialNamespace, n
		return true, nil
	case w.explicit && w.namespace != tutorialNamespace:
		return false, misusef("-n %s: want a number of answers, as in: %s", w.namespace, w.line("why -n 3"))
	}
	return cmd.Flags().Changed("last"), nil
}

func (w *whyFlags) run(ctx context.Context, args []string) error {
	switch {
	case w.watch:
		return w.follow(ctx)
	case w.send.on:
		return w.ask(ctx, args)
	}
	list, err := w.pick(ctx, args)
	if err == nil {
		err = w.show(ctx, list...)
	}
	if len(args) == 0 && w.last == 0 && w.format == "" {
		err = errors.Join(err, w.unheard(ctx))
	}
	return err
}

// unheard says of the ingress' port for TLS, where nobody listens though a rule wants it, that it refuses connections:
// so does a cluster's, and no proxy notes them.
func (w *whyFlags) unheard(ctx context.Context) error {
	s, err := w.client.Status(ctx)
	lines := doorLines(s)
	if err != nil || len(lines) == 0 || slices.ContainsFunc(s.Doors, func(d control.Door) bool { return d.Open }) {
		return err
	}
	p := w.printer(ctx)
	p.line("")
	p.text("", p.say(fmt.Sprintf("Connections to %s are refused, as on a cluster, and no proxy notes them: nobody listens there.", s.Secure)), 5)
	for _, text := range lines[1:] {
		p.text("  ! ", text, 2)
	}
	return nil
}

// pick finds the requests that are meant.
func (w *whyFlags) pick(ctx context.Context, args []string) ([]*traffic.Request, error) {
	if len(args) > 0 {
		answer, err := w.client.Requests(ctx, control.RequestQuery{Query: traffic.Query{ID: args[0]}})
		switch {
		case err != nil:
			return nil, err
		case len(answer.List) == 0:
			return nil, objects.Errorf(objects.NotFound,
				"no request %q is known: the lab keeps the last 2000 and, for five minutes, the first of each kind", args[0])
		case len(answer.List) > 1:
			return nil, objects.Errorf(objects.NotFound, "%d requests begin with %q: type more of it", len(answer.List), args[0])
		}
		return answer.List, nil
	}
	query := control.RequestQuery{Query: traffic.Query{Last: cmp.Or(w.last, 1), Failed: w.last == 0 && w.not == ""}}
	answer, err := w.client.Requests(ctx, query)
	if err == nil && len(answer.List) == 0 && query.Failed {
		query.Failed = false
		answer, err = w.client.Requests(ctx, query)
	}
	if err == nil && len(answer.List) == 0 {
		err = objects.Errorf(objects.NotFound, "no request has passed through the mesh yet: %s sends one", w.line("why --send"))
	}
	w.dropped(answer)
	return answer.List, err
}

func (w *whyFlags) dropped(a control.Requests) {
	if a.Dropped > 0 {
		w.warn(fmt.Sprintf("%d lines of the proxies' log were not read, as too many came at once", a.Dropped))
	}
}

// follow shows the first of each kind.
func (w *whyFlags) follow(ctx context.Context) error {
	seen := map[string]bool{}
	since := time.Now()
	for ctx.Err() == nil {
		answer, err := w.client.Requests(ctx, control.RequestQuery{
			Query: traffic.Query{Since: since}, Wait: time.Second,
		})
		if err != nil {
			return err
		}
		for i := len(answer.List) - 1; i >= 0; i-- {
			r := answer.List[i]
			if seen[kindOf(r)] {
				continue
			}
			if seen[kindOf(r)] = true; len(seen) > 1 && w.format == "" {
				fmt.Fprintln(w.stdout)
			}
			if err := w.show(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// kindOf is what requests have in common that are explained in the same way.
func kindOf(r *traffic.Request) string {
	var b strings.Builder
	for _, c := range r.All() {
		fmt.Fprint(&b, c.From.Workload, c.To.Workload, c.Status, c.Cause, c.Route, len(c.Tries), ";")
	}
	if r.Rule != nil {
		fmt.Fprint(&b, r.Rule.File, r.Rule.Line, r.Rule.Revision)
	}
	return b.String()
}

func (w *whyFlags) show(ctx context.Context, list ...*traffic.Request) error {
	for i, r := range list {
		switch {
		case w.format == "json":
			if err := writeJSON(w.stdout, r); err != nil {
				return err
			}
			continue
		case i > 0:
			fmt.Fprintln(w.stdout)
		}
		if w.not != "" {
			w.printer(ctx).not(r, w.not)
			continue
		}
		w.printer(ctx).why(r, "")
	}
	return nil
}
