package lesson

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/shell"

	"go.yaml.in/yaml/v3"
)

// Place is where a page is run.
type Place struct {
	// Client asks the lab. Required.
	Client *control.Client
	// Ingress is the lab's, a URL. Required.
	Ingress string
	// Folder is where commands run: it has bin/, deploy/ and istiofiles/. Required.
	Folder string
	// Env is the environment of commands, KEY=VALUE. Required.
	Env []string
}

// runner runs one page.
type runner struct {
	Place
	shell *shell.Session
	plain map[string]time.Duration // the middle one of each request that nothing holds back
	tell  func(words.Phrase)       // what is waited for, again and again
	// absent is a file that is left out, for a proof: no answer may be explained by it.
	absent string
}

func newRunner(p Place) (*runner, error) {
	session, err := shell.Start(p.Folder, p.Env)
	if err != nil {
		return nil, err
	}
	return &runner{Place: p, shell: session, plain: map[string]time.Duration{}, tell: func(words.Phrase) {}}, nil
}

func (r *runner) close() error { return r.shell.Close() }

// Failure is a part of a page that is not so.
type Failure struct {
	File string
	Line int
	What string   // the command, or the check
	Said []string // what the page says
	Came []string // what came instead
}

// Error is FILE:LINE: WHAT, and both sides.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: %s", f.File, f.Line, f.What)
	for _, side := range []struct {
		name  string
		lines []string
	}{{"expected", f.Said}, {"came", f.Came}} {
		for i, line := range side.lines {
			if i > 0 {
				side.name = ""
			}
			fmt.Fprintf(&b, "\n  %-9s %s", side.name, line)
		}
	}
	return b.String()
}

// command runs a command; the error is a *Failure if it does not do what the page says.
func (r *runner) command(ctx context.Context, file string, c Command, each func(string)) error {
	lines, status, err := r.enter(ctx, file, c, each)
	failure := &Failure{File: file, Line: c.Line, What: c.Text, Said: c.Output, Came: lines}
	switch {
	case err != nil:
		return err
	case (status == 0) != c.succeeds():
		failure.Came = append(failure.Came, fmt.Sprintf("(exit status %d)", status))
		return failure
	case !c.prints(lines):
		return failure
	}
	return nil
}

// enter runs a command, and returns what it prints and its status.
func (r *runner) enter(ctx context.Context, file string, c Command, each func(string)) (lines []string, status int, err error) {
	status, err = r.shell.Run(ctx, c.Text, func(line string) {
		lines = append(lines, line)
		each(line)
	})
	if err != nil {
		err = fmt.Errorf("%s:%d: %s: %w", file, c.Line, c.Text, err)
	}
	return lines, status, err
}

// verdict is nil if all claims hold, else a *Failure.
func verdict(file string, c *Check, claims []Claim) error {
	failure := &Failure{File: file, Line: c.Line, What: c.title().String()}
	for _, claim := range claims {
		if !claim.OK {
			failure.Said = append(failure.Said, claim.Text+" ("+claim.Want+")")
			failure.Came = append(failure.Came, claim.Got)
		}
	}
	if len(failure.Said) == 0 {
		return nil
	}
	return failure
}

// title is a check in a few words.
func (c *Check) title() words.Phrase {
	if c.Send == 0 {
		a := c.WaitFor[0]
		return words.Put(words.WaitingFor, a.of, a.phrase())
	}
	title := words.Put(words.Requests, c.Send)
	if c.From != "" {
		title = words.Put(words.FromTo, title, c.From, c.To)
	}
	if c.AtOnce > 1 {
		title = words.Put(words.AtOnce, title, c.AtOnce)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		title = words.Put(words.With, title, name, c.Headers[name])
	}
	return title
}

// longest is the time that a check may take by itself; 0 is none to speak of.
func (c *Check) longest() time.Duration {
	var held time.Duration
	for _, a := range c.Answers {
		held = max(held, readKind(a.of).after)
	}
	took := held * time.Duration(c.Send/max(1, c.AtOnce))
	if len(c.WaitFor) > 0 {
		took += waiting
	}
	return took
}

// run does all of a page in an edition; say gets each line of what is done. The error is a
// *Failure where the page is wrong.
func (r *runner) run(ctx context.Context, p Page, edition string, say func(string)) error {
	before, err := r.state(ctx)
	if err != nil {
		return err
	}
	for _, b := range p.Blocks {
		if !b.In(edition) {
			continue
		}
		for _, c := range b.Commands {
			c.echo(say)
			if err := r.command(ctx, p.File, c, say); err != nil {
				return err
			}
		}
		if b.Check == nil {
			continue
		}
		if err := r.hold(ctx, p, b.Check, say); err != nil {
			return err
		}
	}
	return r.left(ctx, p, before)
}

// hold does a check, and is a *Failure if a claim does not hold.
func (r *runner) hold(ctx context.Context, p Page, c *Check, say func(string)) error {
	claims, err := r.check(ctx, c)
	if err != nil {
		return fmt.Errorf("%s:%d: %s: %w", p.File, c.Line, c.title(), err)
	}
	for _, claim := range claims {
		say("  " + claim.String())
	}
	return verdict(p.File, c, claims)
}

// state is what a page must leave as it was: every object but pods, by kind and name.
func (r *runner) state(ctx context.Context) (map[string]string, error) {
	status, err := r.Client.Status(ctx)
	if err != nil {
		return nil, err
	}
	state := map[string]string{}
	for _, rule := range status.Rules {
		state[rule.Type+" "+rule.Name] = "rule"
	}
	tables, err := r.Client.Get(ctx, objects.Selection{Args: []string{kept}, Namespace: namespace})
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		for _, row := range t.Rows {
			if state[row.Resource+" "+row.Name], err = meaning(row.YAML); err != nil {
				return nil, err
			}
		}
	}
	return state, nil
}

// meaning is YAML without its comments and the order of its fields: a verb that changes a field,
// and changes it back, leaves neither. Its status is that of a moment: pods may still be ending.
func meaning(text string) (string, error) {
	var value map[string]any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return "", err
	}
	delete(value, "status")
	plain, err := yaml.Marshal(value)
	return string(plain), err
}

const kept = "deployments,services,serviceaccounts,ingresses"

// left is a *Failure if a page has not put everything back.
func (r *runner) left(ctx context.Context, p Page, before map[string]string) error {
	after, err := r.state(ctx)
	if err != nil {
		return err
	}
	f := &Failure{File: p.File, Line: 1, What: "clean up", Said: []string{"all as it was"}}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		switch was, known := before[name]; {
		case !known:
			f.Came = append(f.Came, name+" is left")
		case was != after[name]:
			f.Came = append(f.Came, name+" is not as it was")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, there := after[name]; !there {
			f.Came = append(f.Came, name+" is gone")
		}
	}
	if len(f.Came) == 0 {
		return nil
	}
	return f
}

// flushed is in what time Envoy has written what it logs, and more: it collects lines for 20 ms.
const flushed = 100 * time.Millisecond

// last is the end of the proxy's log once nothing is added to it any more, or after a second.
func (r *runner) last(ctx context.Context, lines int) ([]string, error) {
	list, err := r.tail(ctx, lines)
	for range time.Second / flushed {
		select {
		case <-ctx.Done():
			return list, context.Cause(ctx)
		case <-time.After(flushed):
		}
		before := list
		if list, err = r.tail(ctx, lines); err != nil || slices.Equal(before, list) {
			break
		}
	}
	return list, err
}

// tail is the end of the proxy's log as it is now.
func (r *runner) tail(ctx context.Context, lines int) ([]string, error) {
	var list []string
	for line, err := range r.Client.ProxyLogs(ctx, control.LogQuery{Tail: &lines}) {
		if err != nil {
			return list, err
		}
		list = append(list, line)
	}
	return list, nil
}

// isFailure tells a page that is wrong from one that could not be run.
func isFailure(err error) bool {
	_, ok := errors.AsType[*Failure](err)
	return ok
}
