package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
)

// widest is how wide explanations are.
const widest = 80

// now is what an explanation says of the lab as it is now.
type now struct {
	// typed is a command line for it. Required.
	typed func(verb string) string
	// gone reports whether a rule is no longer there; nil: nobody knows. Optional.
	gone func(r traffic.Rule) bool
}

// writeWhy explains a request: the answer, each call, the rule, what did not match, what to type.
func writeWhy(w io.Writer, r *traffic.Request, body string, lab now) {
	p := whyPrinter{w: w}
	p.line("%s %s%s => %s in %s, at %s%s", r.Method, r.Host, r.Path, status(r.Status), took(r.Millis),
		r.Began.Local().Format("15:04:05.000"), ago(time.Since(r.Began)))
	if body != "" {
		p.text("  ", body, 2)
	}
	p.line("")
	p.text("", fmt.Sprintf("%s: %s", r.Cause, r.Words), 5)
	p.line("")
	for _, c := range r.Calls {
		p.call(c, 0)
	}
	for _, note := range r.Notes {
		p.text("  ! ", note, 2)
	}
	p.rule(r)
	p.missed(r)
	p.command("More:", lab.typed("why "+r.ID+" -o json"))
	if r.Trace != "" {
		fmt.Fprintln(w, "Trace: "+document.Printable(r.Trace)) // a part of an address leads nowhere
	}
	switch pod := inError(r); {
	case pod != "":
		p.command("Logs:", lab.typed("logs "+pod))
	case r.Rule != nil && lab.gone != nil && lab.gone(*r.Rule):
		p.line("The rule is gone.")
	case r.Rule != nil:
		p.command("Undo:", lab.typed(undo(*r.Rule)))
	}
}

// ago is how long a request has passed, if so long that its rules may be gone.
func ago(age time.Duration) string {
	if age < time.Minute {
		return ""
	}
	return fmt.Sprintf(", %s ago", age.Truncate(time.Second))
}

// inError is the pod whose program made an error of its own: without a rule it would make it too.
func inError(r *traffic.Request) string {
	d := r.Deciding()
	if r.Cause != traffic.ProgramError || d == nil || len(d.Tries) == 0 {
		return ""
	}
	return d.Tries[len(d.Tries)-1].To.Pod
}

func status(code int) string {
	if code == 0 {
		return "no answer"
	}
	return fmt.Sprint(code)
}

// code is a status in a column.
func code(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func took(ms float64) string {
	switch {
	case ms >= 1000:
		return fmt.Sprintf("%.2f s", ms/1000)
	case ms >= 10:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// kindWord is a rule's kind as it is typed.
func kindWord(r traffic.Rule) string {
	if kind := strings.ToLower(r.Kind); kind != "gateway" { // two groups have it
		return kind
	}
	return r.Resource
}

// isGone reports of rules whether the lab no longer has them.
func isGone(ctx context.Context, client *control.Client) func(traffic.Rule) bool {
	return func(r traffic.Rule) bool {
		_, err := client.Get(ctx, objects.Selection{Args: []string{kindWord(r), r.Name}, Namespace: r.Namespace})
		refused, ok := errors.AsType[*objects.Error](err)
		return ok && refused.Reason == objects.NotFound
	}
}

// undo is the verb that takes a rule away.
func undo(r traffic.Rule) string {
	text := "delete " + kindWord(r) + " " + r.Name
	if r.Namespace != tutorialNamespace {
		text += " -n " + r.Namespace
	}
	return text
}

type whyPrinter struct{ w io.Writer }

func (p whyPrinter) line(format string, args ...any) {
	text := document.Printable(fmt.Sprintf(format, args...))
	if r := []rune(text); len(r) > widest {
		text = string(r[:widest-1]) + "…"
	}
	fmt.Fprintln(p.w, text)
}

// command shows what to type whole, as a part of it cannot be typed: beside its title, or below if that
// is too wide.
func (p whyPrinter) command(title, typed string) {
	typed = document.Printable(typed)
	separator := " "
	if len([]rune(title+separator+typed)) > widest {
		separator = "\n  "
	}
	fmt.Fprintln(p.w, title+separator+typed)
}

// text breaks a text at blanks, into at most so many lines.
func (p whyPrinter) text(indent, text string, most int) {
	words := strings.Fields(document.Printable(strings.ReplaceAll(text, "\n", " ")))
	for n := 0; len(words) > 0; n++ {
		line := indent + words[0]
		words = words[1:]
		for len(words) > 0 && (n == most-1 || len([]rune(line))+1+len([]rune(words[0])) <= widest) {
			line, words = line+" "+words[0], words[1:]
		}
		p.line("%s", line)
		indent = strings.Repeat(" ", len([]rune(indent)))
	}
}

// call shows a call in a line, its tries if there are several, and those that it led to.
func (p whyPrinter) call(c *traffic.Call, depth int) {
	indent := strings.Repeat("  ", depth)
	edge := indent + c.From.Workload + " -> " + c.To.Workload
	what := string(c.Cause)
	if flags := strings.TrimSpace(c.Flags); flags != "" {
		what += " (" + flags + ")"
	}
	if n := len(c.Tries); n > 0 && c.Tries[n-1].Identity == envoy.NoIdentity {
		what += ", in plain text"
	}
	p.line("%-38s %3s %8s  %s", edge, code(c.Status), took(c.Millis), what)
	if route := routeWords(c); route != "" {
		p.text(indent+"  by ", route, 2)
	}
	for i, t := range c.Tries {
		if len(c.Tries) > 1 && i < 4 {
			p.line("%s  try %d: %s, %s", indent, i+1, cmp.Or(t.To.Pod, t.To.Workload), strings.TrimSpace(status(t.Status)+" "+t.Flags))
		}
		for _, next := range t.Calls {
			p.call(next, depth+1)
		}
	}
	for _, m := range c.Mirrors {
		p.line("%s  copy to %s: %s, which nobody waits for", indent, cmp.Or(m.To.Pod, m.To.Workload), status(m.Status))
	}
}

// routeWords name the rules of a call, but for the Ingress of every request.
func routeWords(c *traffic.Call) string {
	var list []string
	for _, a := range c.Acts {
		if a.Rule.Kind == "Ingress" {
			continue
		}
		if name := a.Rule.Kind + " " + a.Rule.Name; !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}

func (p whyPrinter) rule(r *traffic.Request) {
	switch {
	case r.Rule != nil:
		p.line("")
		p.line("Rule: %s %s/%s, revision %d", r.Rule.Kind, r.Rule.Namespace, r.Rule.Name, r.Rule.Revision)
		p.line("%s:%d", r.Rule.File, r.Rule.Line)
		for _, text := range r.Rule.Lines {
			p.line("  %s", text)
		}
	case r.Default != "":
		p.line("")
		p.text("No rule: ", r.Default, 2)
	default:
		p.line("")
		p.line("No rule has a part in it.")
	}
}

// mostMissed is how many rules that did not act are shown.
const mostMissed = 3

func (p whyPrinter) missed(r *traffic.Request) {
	d := r.Deciding()
	if d == nil || len(d.Missed) == 0 {
		return
	}
	p.line("Did not act:")
	for i, m := range d.Missed {
		if i == mostMissed {
			p.line("  and %d more", len(d.Missed)-i)
			break
		}
		p.text("  ", missWords(m), 2)
	}
}

func missWords(m traffic.Miss) string {
	name := m.Name
	if m.Rule != nil {
		name = fmt.Sprintf("%s:%d", m.Rule.File, m.Rule.Line)
	}
	return name + ": " + m.Why
}
