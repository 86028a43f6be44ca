package lesson

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"istio-tutorial/lab/control"
)

// Walk leads a reader through a page: its text, each command when they say so, and the checks.
type Walk struct {
	Home
	// Page is the one. Required.
	Page Page
	// Edition is the one of its blocks that are shown. Required.
	Edition string
	// Lab is the name of the lab that it uses; it starts one where none runs. Required.
	Lab string
	// Listen is the ingress' address of a lab that it starts. Required.
	Listen string
	// In is what the reader types: a line for each command. Required.
	In io.Reader
	// Out is what they see. Required.
	Out io.Writer
}

// ErrWrong says that something on a page was not so.
var ErrWrong = errors.New("not all was as the page says")

// Run returns nil at the page's end, or when the reader ends it; then everything is put back.
func (w Walk) Run(ctx context.Context) (err error) {
	place, end, err := w.find(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	r, err := newRunner(place)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	g := &guide{Walk: w, runner: r, typed: lines(w.In), shown: isTerminal(w.In)}
	return g.page(ctx)
}

// find is the running lab, or one that is started for the page and ended with it.
func (w Walk) find(ctx context.Context) (Place, func() error, error) {
	folder, err := w.FolderOf(w.Lab)
	if err != nil {
		return Place{}, nil, err
	}
	client := control.NewClient(folder)
	if running(ctx, client) == nil {
		place, err := w.placeOf(ctx, client, w.Lab)
		return place, func() error { return nil }, err
	}
	fmt.Fprintln(w.Out, "No lab is running: starting one for this lesson.")
	l, err := w.start(ctx, w.Lab, w.Listen, w.Edition)
	if err != nil {
		return Place{}, nil, err
	}
	fmt.Fprintf(w.Out, "It is at %s.\n\n", l.place.Ingress)
	return l.place, l.close, nil
}

// lines are what the reader types, until there is no more.
func lines(in io.Reader) <-chan string {
	typed := make(chan string)
	go func() {
		defer close(typed)
		for s := bufio.NewScanner(in); s.Scan(); {
			typed <- strings.TrimSpace(s.Text())
		}
	}()
	return typed
}

func isTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// guide is a Walk under way.
type guide struct {
	Walk
	*runner
	typed <-chan string
	shown bool // what is typed: by the terminal
	begun bool // a command was run
	wrong bool
}

// errQuit says that the reader has had enough.
var errQuit = errors.New("quit")

func (g *guide) page(ctx context.Context) error {
	g.warnOfRules(ctx)
	err := g.blocks(ctx)
	if err != nil && g.begun {
		g.cleanUp(context.WithoutCancel(ctx))
	}
	switch {
	case errors.Is(err, errQuit) || err == nil && !g.wrong:
		return nil
	case err == nil:
		return ErrWrong
	}
	return err
}

// warnOfRules tells of what the page does not count with.
func (g *guide) warnOfRules(ctx context.Context) {
	status, err := g.Client.Status(ctx)
	if err != nil {
		return
	}
	if string(status.Edition) != g.Edition {
		fmt.Fprintf(g.Out, "The lab's edition is %s, the page's %s.\n\n", status.Edition, g.Edition)
	}
	if len(status.Rules) == 0 {
		return
	}
	var names []string
	for _, r := range status.Rules {
		names = append(names, r.Name)
	}
	fmt.Fprintf(g.Out, "The lab has rules already, which the page does not know of: %s\n\n",
		strings.Join(names, ", "))
}

func (g *guide) blocks(ctx context.Context) error {
	for _, b := range g.Page.Blocks {
		if !b.In(g.Edition) {
			continue
		}
		if b.Text != "" {
			fmt.Fprintf(g.Out, "%s\n\n", b.Text)
		}
		for _, c := range b.Commands {
			if err := g.offer(ctx, c); err != nil {
				return err
			}
		}
		if b.Check != nil {
			if err := g.checks(ctx, b.Check); err != nil {
				return err
			}
		}
	}
	return nil
}

// offer runs a command if the reader says so.
func (g *guide) offer(ctx context.Context, c Command) error {
	c.echo(g.say)
	fmt.Fprint(g.Out, "[Enter runs it, s skips it, q ends the lesson] ")
	for {
		select {
		case word, ok := <-g.typed:
			if ok && !g.shown {
				fmt.Fprintln(g.Out, word)
			}
			switch {
			case !ok || word == "q":
				fmt.Fprintln(g.Out)
				return errQuit
			case word == "s":
				fmt.Fprintln(g.Out)
				return nil
			case word == "":
				return g.do(ctx, c)
			}
			fmt.Fprint(g.Out, "[Enter, s or q] ")
		case <-ctx.Done():
			fmt.Fprintln(g.Out)
			return context.Cause(ctx)
		}
	}
}

func (g *guide) say(line string) { fmt.Fprintln(g.Out, line) }

// do runs a command, and tells where it does not what the page says.
func (g *guide) do(ctx context.Context, c Command) error {
	g.begun = true
	err := g.command(ctx, g.Page.File, c, g.say)
	failure, ok := errors.AsType[*Failure](err)
	if ok {
		g.wrong = true
		said := strings.Join(failure.Said, "\n  ")
		if said == "" {
			said = "it to succeed"
		}
		fmt.Fprintf(g.Out, "WRONG  the page expects:\n  %s\n", said)
		err = nil
	}
	fmt.Fprintln(g.Out)
	return err
}

// checks does a check, and ticks its claims.
func (g *guide) checks(ctx context.Context, c *Check) error {
	fmt.Fprintf(g.Out, "Checking: %s\n", c.title())
	claims, err := g.check(ctx, c)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", g.Page.File, c.Line, err)
	}
	for _, claim := range claims {
		tick := "ok    "
		if !claim.OK {
			tick, g.wrong = "WRONG ", true
		}
		fmt.Fprintf(g.Out, "%s %s\n", tick, claim)
	}
	fmt.Fprintln(g.Out)
	return nil
}

// cleanUp runs what the page ends with; some of it may not be there to clean up.
func (g *guide) cleanUp(ctx context.Context) {
	fmt.Fprintln(g.Out, "Cleaning up.")
	for _, b := range g.Page.Blocks {
		if !b.CleanUp || !b.In(g.Edition) {
			continue
		}
		for _, c := range b.Commands {
			_ = g.command(ctx, g.Page.File, c, func(string) {}) // what was not made cannot be taken away
		}
	}
}
