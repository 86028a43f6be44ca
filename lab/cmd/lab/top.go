package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/lesson/prose"
	"istio-tutorial/lab/lesson/screen"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
)

// windowFlag is the window of what is shown of the traffic.
type windowFlag struct{ span string }

func (f *windowFlag) declare(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.span, "window", string(traffic.Minute),
		"10s, 1m, or change: since a rule last came or went")
	words := make([]string, 0, len(traffic.Spans()))
	for _, s := range traffic.Spans() {
		words = append(words, string(s))
	}
	complete(cmd, "window", words...)
}

func (f *windowFlag) check() error {
	if !slices.Contains(traffic.Spans(), traffic.Span(f.span)) {
		return misusef("--window=%s: want 10s, 1m or change", f.span)
	}
	return nil
}

// topFlags are how the table is shown.
type topFlags struct {
	*app
	windowFlag
	sort   string
	format string
}

func (a *app) top() *cobra.Command {
	t := &topFlags{app: a}
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show who calls whom, how often and how well, as a live table",
		Long: `Show who calls whom: rates, shares, times (half of the answers came within P50, 95 of 100 within
P95), errors with their causes, and the pods.

In a terminal the table is drawn again each second. Keys: n, r, e and p sort by name, rate, errors
and P95, w takes the next window, the space bar pauses, q quits. Elsewhere it is printed once.`,
		Example: `  bin/lab top
  bin/lab top --window change --sort errors
  bin/lab top -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return counsel(fmt.Sprintf("top takes no %q: it shows requests, and not the load of pods; for that: "+
					"ps -o pcpu,rss -p PID, where bin/lab describe pod POD names the process", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := t.check(); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			if t.format == "" && screen.IsTerminal(a.process.stdout) && screen.IsTerminal(a.stdin) {
				return t.live(cmd.Context(), client)
			}
			return t.once(cmd.Context(), client)
		},
	}
	t.declare(cmd)
	cmd.Flags().StringVar(&t.sort, "sort", sortByName, "name, rate, errors or p95")
	cmd.Flags().StringVarP(&t.format, "output", "o", "", "json")
	complete(cmd, "sort", sortWords()...)
	complete(cmd, "output", "json")
	return cmd
}

const (
	sortByName   = "name"
	sortByRate   = "rate"
	sortByErrors = "errors"
	sortByP95    = "p95"
)

func sortWords() []string { return []string{sortByName, sortByRate, sortByErrors, sortByP95} }

func (t *topFlags) check() error {
	if !slices.Contains(sortWords(), t.sort) {
		return misusef("--sort=%s: want %s", t.sort, strings.Join(sortWords(), ", "))
	}
	return cmp.Or(jsonOnly(t.format), t.windowFlag.check())
}

func (t *topFlags) once(ctx context.Context, client *control.Client) error {
	table, err := client.Traffic(ctx, control.TrafficQuery{Span: traffic.Span(t.span)})
	if err != nil {
		return err
	}
	if t.format == "json" {
		return writeJSON(t.stdout, table)
	}
	writeTop(t.stdout, table, t.sort, screen.Columns(t.process.stdout))
	return nil
}

// noRequest says that there is nothing to show, and how to have something.
const noRequest = "No request in this time: bin/lab why --send sends one, bin/lab load many."

// writeTop shows a table of edges and one of pods, in so many columns; 0: as many as it needs.
func writeTop(w io.Writer, t traffic.Table, by string, width int) {
	many := "requests"
	if requests(t) == 1 {
		many = "request"
	}
	fmt.Fprintf(w, "%s, %d %s", windowWords(t), requests(t), many)
	if t.Dropped > 0 {
		fmt.Fprintf(w, ", %d lines of the proxies' log were not read", t.Dropped)
	}
	fmt.Fprint(w, "\n\n")
	if len(t.Rows) == 0 {
		fmt.Fprintln(w, noRequest)
	} else {
		writeEdges(w, sorted(t.Rows, by), width)
	}
	writeCopies(w, t.Copies, width)
	fmt.Fprintln(w)
	beside(w, fmt.Sprintf("%-18s %-36s", "WORKLOAD", "POD"), "STATE", width)
	for _, p := range t.Pods {
		beside(w, fmt.Sprintf("%-18s %-36s", p.Workload, p.Name), podState(p, t.To), width)
	}
}

func writeEdges(w io.Writer, rows []traffic.Row, width int) {
	beside(w, fmt.Sprintf("%-17s %-17s %7s %6s %7s %7s %6s %5s",
		"FROM", "TO", "RATE", "SHARE", "P50", "P95", "ERRORS", "TRIES"), "CAUSES", width)
	for _, r := range rows {
		beside(w, fmt.Sprintf("%-17s %-17s %7s %5.1f%% %7s %7s %6d %+5d",
			document.Printable(r.From), document.Printable(r.To), traffic.PerSecond(r.Rate), r.Share,
			took(r.P50), took(r.P95), r.Errors, r.Retries), rowCauses(r), width)
	}
}

// beside shows a text behind a row, or below it where so many columns have no room for both.
func beside(w io.Writer, row, text string, width int) {
	if one := row + "  " + text; width == 0 || prose.Width(strings.TrimRight(one, " ")) <= width {
		fmt.Fprintln(w, strings.TrimRight(one, " "))
		return
	}
	fmt.Fprintln(w, strings.TrimRight(row, " "))
	const indent = "    "
	for _, line := range prose.Wrap(text, max(1, width-len(indent))) {
		fmt.Fprintln(w, indent+line)
	}
}

// writeCopies shows the mirrored calls, of which only the number is of interest: nobody gets their answers.
func writeCopies(w io.Writer, list []traffic.Copies, width int) {
	for _, c := range list {
		beside(w, fmt.Sprintf("%-17s %-17s %7s %6s %7s %7s %6s %5s", document.Printable(c.From), document.Printable(c.To),
			traffic.PerSecond(c.Rate), "-", "-", "-", "-", "-"), copiesWords(c), width)
	}
}

// copiesWords are how many copies there were, and how many went wrong: no error of the edge says so.
func copiesWords(c traffic.Copies) string {
	text := fmt.Sprintf("%d mirrored", c.Requests)
	if c.Failed > 0 {
		text += fmt.Sprintf(", %d of them failed", c.Failed)
	}
	return text
}

// windowWords are which time a table is about.
func windowWords(t traffic.Table) string {
	length := t.To.Sub(t.From).Round(time.Second)
	if t.Span == traffic.SinceChange {
		return fmt.Sprintf("Since the rules last changed, %v ago", length)
	}
	return fmt.Sprintf("The last %v", length)
}

// requests are those that began in the ingress, or in a pod by itself.
func requests(t traffic.Table) int {
	sum := 0
	for _, r := range t.Rows {
		if r.From == "ingress" {
			sum += r.Requests
		}
	}
	return sum
}

func podState(p traffic.Pod, now time.Time) string {
	switch {
	case len(p.Ejected) > 0:
		return "ejected by " + strings.Join(p.Ejected, ", ") + back(p, now)
	case p.Ready:
		return "ready"
	}
	return strings.ToLower(p.Status) + ", not ready"
}

// back says since when a pod is ejected, and when it returns.
func back(p traffic.Pod, now time.Time) string {
	if p.Until.IsZero() {
		return ""
	}
	text := fmt.Sprintf(" for %v", now.Sub(p.Since).Round(time.Second))
	if left := p.Until.Sub(now).Round(time.Second); left > 0 {
		return text + fmt.Sprintf(", back in %v", left)
	}
	return text + ", back at the next check"
}

// rowCauses are those of the errors; what is said of good answers stands apart.
func rowCauses(r traffic.Row) string {
	if len(r.Fine) == 0 {
		return causes(r.Causes)
	}
	return strings.TrimSpace(causes(r.Causes) + " (fine: " + causes(r.Fine) + ")")
}

// causes are how many calls ended so, the most frequent first.
func causes(all map[cause.Cause]int) string {
	names := slices.SortedFunc(maps.Keys(all), func(a, b cause.Cause) int {
		return cmp.Or(all[b]-all[a], cmp.Compare(a, b))
	})
	list := make([]string, len(names))
	for i, c := range names {
		list[i] = fmt.Sprintf("%d %s", all[c], c)
	}
	return strings.Join(list, ", ")
}

func sorted(rows []traffic.Row, by string) []traffic.Row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b traffic.Row) int {
		switch by {
		case sortByRate:
			return cmp.Compare(b.Rate, a.Rate)
		case sortByErrors:
			return cmp.Compare(b.Errors, a.Errors)
		case sortByP95:
			return cmp.Compare(b.P95, a.P95)
		}
		return 0 // they come so
	})
	return rows
}
