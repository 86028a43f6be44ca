// Package lesson runs the pages of docs/, as lesson/book reads them: the text that a reader follows is the
// test that holds it to what it says.
package lesson

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/shell"
)

// Runner runs pages at a place.
type Runner struct {
	// Tell is told what is waited for, again and again. Optional.
	Tell func(words.Phrase)

	place  Place
	ground string // the name of the place's
	folder string // of commands
	shell  *shell.Session
	plain  map[string]time.Duration // the middle one of each request that nothing holds back
	// absent is a file that is left out, for a proof: no answer may be explained by it.
	absent string
}

// NewRunner starts a shell at a place of a ground, in its folder or in a changed copy of that. It must be closed.
func NewRunner(ground string, p Place, folder string) (*Runner, error) {
	session, err := shell.Start(folder, p.Env())
	if err != nil {
		return nil, err
	}
	return &Runner{ground: ground, place: p, folder: folder, shell: session, plain: map[string]time.Duration{}}, nil
}

// Close ends the shell.
func (r *Runner) Close() error { return r.shell.Close() }

func (r *Runner) tell(p words.Phrase) {
	if r.Tell != nil {
		r.Tell(p)
	}
}

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

// Command runs a command; each gets the lines that it prints. The error is a *Failure if it does not do what
// the page says.
func (r *Runner) Command(ctx context.Context, file string, c book.Command, each func(string)) error {
	lines, status, err := r.enter(ctx, file, c, each)
	succeeds := c.Succeeds()
	c.Output, lines = r.place.Compare(c.Output, lines)
	failure := &Failure{File: file, Line: c.Line, What: c.Text, Said: c.Output, Came: lines}
	switch {
	case err != nil:
		return err
	case (status == 0) != succeeds:
		failure.Came = append(failure.Came, fmt.Sprintf("(exit status %d)", status))
		return failure
	case !c.Prints(lines):
		return failure
	}
	return nil
}

// enter runs a command, and returns what it prints and its status.
func (r *Runner) enter(ctx context.Context, file string, c book.Command, each func(string)) (lines []string, status int, err error) {
	typed, _ := r.place.Types(c.Text)
	status, err = r.shell.Run(ctx, typed, func(line string) {
		lines = append(lines, line)
		each(line)
	})
	if err == nil {
		err = r.place.Settle(ctx, typed)
	}
	if err != nil {
		err = fmt.Errorf("%s:%d: %s: %w", file, c.Line, c.Text, err)
	}
	return lines, status, err
}

// verdict is nil if all claims hold, else a *Failure.
func verdict(file string, c *book.Check, claims []Claim) error {
	failure := &Failure{File: file, Line: c.Line, What: c.Title().String()}
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

// Longest is the time that a check may take by itself; 0 is none to speak of.
func Longest(c *book.Check) time.Duration {
	var held time.Duration
	for _, a := range c.Answers {
		held = max(held, book.KindOf(a.Of).After)
	}
	took := held * time.Duration(c.Send/max(1, c.AtOnce))
	if len(c.WaitFor) > 0 {
		took += waiting
	}
	return took
}

// run does all of a page in an edition; say gets each line of what is done. The error is a
// *Failure where the page is wrong.
func (r *Runner) run(ctx context.Context, p book.Page, edition string, say func(string)) error {
	before, err := r.place.State(ctx)
	if err != nil {
		return err
	}
	for _, b := range p.Blocks {
		if !b.In(edition) {
			continue
		}
		for _, c := range b.Commands {
			if r.leavesOut(c, say) {
				continue
			}
			c.Echo(say)
			if err := r.Command(ctx, p.File, c, say); err != nil {
				return err
			}
		}
		if b.Check == nil || r.elsewhere(b.Check, say) {
			continue
		}
		if err := r.hold(ctx, p, b.Check, say); err != nil {
			return err
		}
	}
	return r.left(ctx, p, before)
}

// leavesOut reports whether a command is not run, as the ground has nothing like it.
func (r *Runner) leavesOut(c book.Command, say func(string)) bool {
	_, why := r.place.Types(c.Text)
	if why != "" {
		say("(left out: " + c.Text + ": " + why + ")")
	}
	return why != ""
}

// elsewhere reports whether a check is about another ground.
func (r *Runner) elsewhere(c *book.Check, say func(string)) bool {
	if c.On == "" || c.On == r.ground {
		return false
	}
	say("  (left out: on " + c.On + " only: " + c.Title().String() + ")")
	return true
}

// hold does a check, and is a *Failure if a claim does not hold.
func (r *Runner) hold(ctx context.Context, p book.Page, c *book.Check, say func(string)) error {
	claims, err := r.Check(ctx, c)
	if err != nil {
		return fmt.Errorf("%s:%d: %s: %w", p.File, c.Line, c.Title(), err)
	}
	for _, claim := range claims {
		say("  " + claim.String())
	}
	return verdict(p.File, c, claims)
}

// left is a *Failure if a page has not put everything back.
func (r *Runner) left(ctx context.Context, p book.Page, before map[string]string) error {
	after, err := r.place.State(ctx)
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

// isFailure tells a page that is wrong from one that could not be run.
func isFailure(err error) bool {
	_, ok := errors.AsType[*Failure](err)
	return ok
}
