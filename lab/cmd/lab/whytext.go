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
	"unicode/utf8"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"
)

// widest is how wide explanations are.
const widest = 80

// whyPrinter explains requests.
type whyPrinter struct {
	speech
	w     io.Writer
	typed func(verb string) string // has the name of the program
	// gone reports whether a rule is no longer there; nil: nobody knows. Optional.
	gone func(r rulebook.Rule) bool
}

// why explains a request: the answer, each call, the rule, what did not match, what to type.
func (p whyPrinter) why(r *traffic.Request, body string) {
	p.line("%s", p.say(fmt.Sprintf("%s => %s in %s, at %s%s", asked(r), p.say(status(r.Status)), took(r.Millis),
		r.Began.Local().Format("15:04:05.000"), ago(time.Since(r.Began)))))
	if body != "" {
		p.text("  ", body, 2)
	}
	p.line("")
	p.text("", p.cause(string(r.Cause))+p.colon()+p.say(r.Words), 5)
	p.line("")
	for _, c := range r.Calls {
		p.call(c, 0)
	}
	for _, note := range r.Notes {
		p.text("  ! ", p.say(note), 2)
	}
	p.rule(r)
	p.missed(r)
	p.command("More:", p.typed("why "+r.ID+" -o json"))
	if r.Trace != "" {
		fmt.Fprintln(p.w, spaced(p.say("Trace:"))+document.Printable(r.Trace)) // a part of an address leads nowhere
	}
	switch pod := inError(r); {
	case pod != "":
		p.command("Logs:", p.typed("logs "+pod))
	case r.Cause == cause.NoRoute, r.IsConnection(): // without the rule there would be none either
	case r.Rule != nil && p.gone != nil && p.gone(*r.Rule):
		p.line("%s", p.say("The rule is gone."))
	case r.Rule != nil:
		p.command("Undo:", p.typed(undo(*r.Rule)))
	}
}

func asked(r *traffic.Request) string { return strings.TrimSpace(r.Method + " " + r.Host + r.Path) }

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
	if r.Cause != cause.ProgramError || d == nil || len(d.Tries) == 0 {
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
func kindWord(r rulebook.Rule) string {
	if kind := strings.ToLower(r.Kind); kind != "gateway" { // two groups have it
		return kind
	}
	return r.Resource
}

// isGone reports of rules whether the lab no longer has them.
func isGone(ctx context.Context, client *control.Client) func(rulebook.Rule) bool {
	return func(r rulebook.Rule) bool {
		_, err := client.Get(ctx, objects.Selection{Args: []string{kindWord(r), r.Name}, Namespace: r.Namespace})
		refused, ok := errors.AsType[*objects.Error](err)
		return ok && refused.Reason == objects.NotFound
	}
}

// undo is the verb that takes a rule away.
func undo(r rulebook.Rule) string {
	text := "delete " + kindWord(r) + " " + r.Name
	if r.Namespace != tutorialNamespace {
		text += " -n " + r.Namespace
	}
	return text
}

func (p whyPrinter) line(format string, args ...any) {
	text := document.Printable(fmt.Sprintf(format, args...))
	if columns(text) > widest {
		text = cutTo(text, widest-1) + "…"
	}
	fmt.Fprintln(p.w, text)
}

// cutTo is as much of a text as some columns hold.
func cutTo(text string, width int) string {
	for i := range text {
		if columns(text[:i]) > width {
			_, last := utf8.DecodeLastRuneInString(text[:i])
			return text[:i-last]
		}
	}
	return text
}

// command shows what to type whole, as a part of it cannot be typed: beside its title, or below if that
// is too wide.
func (p whyPrinter) command(title, typed string) {
	typed, title = document.Printable(typed), p.say(title)
	if columns(spaced(title)+typed) > widest {
		fmt.Fprintln(p.w, title+"\n  "+typed)
		return
	}
	fmt.Fprintln(p.w, spaced(title)+typed)
}

// text breaks a text into at most so many lines.
func (p whyPrinter) text(indent, text string, most int) {
	for _, line := range broken(indent, text, most) {
		p.line("%s", line)
	}
}

// whole breaks a text into as many lines as it needs, and cuts none: what is too wide is a word.
func (p whyPrinter) whole(indent, text string) {
	for _, line := range broken(indent, text, 0) {
		fmt.Fprintln(p.w, line)
	}
}

// broken is a text in lines, of which the last, if there are as many as most, has all the rest; 0: there is no
// such bound.
func broken(indent, text string, most int) (lines []string) {
	list := pieces(document.Printable(strings.ReplaceAll(text, "\n", " ")))
	for n := 0; len(list) > 0; n++ {
		line := indent + strings.TrimPrefix(list[0], " ")
		list = list[1:]
		for len(list) > 0 && (n == most-1 || columns(line+list[0]) <= widest) {
			line, list = line+list[0], list[1:]
		}
		lines = append(lines, line)
		indent = strings.Repeat(" ", len([]rune(indent)))
	}
	return lines
}

// call shows a call in a line, its tries if there are several, and those that it led to.
func (p whyPrinter) call(c *traffic.Call, depth int) {
	indent := strings.Repeat("  ", depth)
	edge := indent + c.From.Workload + " -> " + c.To.Workload
	what := p.cause(string(c.Cause))
	if flags := strings.TrimSpace(c.Flags); flags != "" {
		what += " (" + flags + ")"
	}
	if n := len(c.Tries); n > 0 && c.Tries[n-1].Identity == envoy.NoIdentity {
		what += p.say(", in plain text")
	}
	p.line("%-38s %3s %8s  %s", edge, code(c.Status), took(c.Millis), what)
	if route := routeWords(c); route != "" {
		p.text(indent+"  "+spaced(p.say("by")), route, 2)
	}
	for i, t := range c.Tries {
		if len(c.Tries) > 1 && i < 4 {
			p.line("%s  %s", indent, p.say(fmt.Sprintf("try %d: %s, %s", i+1, cmp.Or(t.To.Pod, t.To.Workload),
				strings.TrimSpace(p.say(status(t.Status))+" "+t.Flags))))
		}
		for _, next := range t.Calls {
			p.call(next, depth+1)
		}
	}
	for _, m := range c.Mirrors {
		p.line("%s  %s", indent, p.say(fmt.Sprintf("copy to %s: %s, which nobody waits for",
			cmp.Or(m.To.Pod, m.To.Workload), p.say(status(m.Status)))))
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
		p.line("%s", p.say(fmt.Sprintf("Rule: %s %s/%s, revision %d", r.Rule.Kind, r.Rule.Namespace, r.Rule.Name, r.Rule.Revision)))
		p.line("%s:%d", r.Rule.File, r.Rule.Line)
		for _, text := range r.Rule.Lines {
			p.line("  %s", text)
		}
	case r.Default != "":
		p.line("")
		p.text("", p.say("No rule: "+r.Default), 2)
	default:
		p.line("")
		p.line("%s", p.say("No rule has a part in it."))
	}
}

// mostMissed is how many rules that did not act are shown.
const mostMissed = 3

func (p whyPrinter) missed(r *traffic.Request) {
	d := r.Deciding()
	if d == nil || len(d.Missed) == 0 {
		return
	}
	p.line("%s", p.say("Did not act:"))
	for i, m := range d.Missed {
		if i == mostMissed {
			p.line("  %s", p.say(fmt.Sprintf("and %d more", len(d.Missed)-i)))
			break
		}
		p.text("  ", placeOf(m)+p.colon()+p.say(m.Why), 2)
	}
}

func placeOf(m traffic.Miss) string {
	if m.Rule != nil {
		return fmt.Sprintf("%s:%d", m.Rule.File, m.Rule.Line)
	}
	return m.Name
}
