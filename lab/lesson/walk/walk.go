// Package walk leads a reader through a page of docs/, in a lab.
package walk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/onlab"
	"istio-tutorial/lab/lesson/prose"
	"istio-tutorial/lab/lesson/screen"
	"istio-tutorial/lab/lesson/words"
)

// Walk leads a reader through a page: its text, each command when they say so, and the checks.
type Walk struct {
	*onlab.Home
	// Page is the one. Required.
	Page book.Page
	// Edition is the one of its blocks that are shown. Required.
	Edition string
	// Language is that of the page: English or Chinese. Required.
	Language string
	// Lab is the name of the lab that it uses; it starts one where none runs. Required.
	Lab string
	// Listen is the ingress' address of a lab that it starts. Required.
	Listen string
	// Line is a command line for the lab, by the verb and what follows it. Required.
	Line func(verb string) string
	// Other is a command line that walks through the page in another lab. Required.
	Other string
	// Usual reports whether the commands of pages have a value for a variable without being told. Required.
	Usual func(variable, value string) bool
	// Next is the lesson that follows, in this edition; nil after the last.
	Next *book.Page
	// In is what the reader types: a line for each command. Required.
	In io.Reader
	// Out is what they see. Required.
	Out io.Writer
	// Getenv tells what the terminal is like. Required.
	Getenv func(string) string
}

// The languages of the pages.
const (
	English = words.English
	Chinese = words.Chinese
)

// What ends a walk that did not come to a good end.
var (
	// ErrWrong says that something on a page was not so.
	ErrWrong = errors.New("not all was as the page says")
	// ErrUnlike says that the lab is not as a page expects it, and that nobody is there to ask.
	ErrUnlike = errors.New("the lab is not as the lesson expects it")
	// ErrAbsent says that the page is not one of the edition's.
	ErrAbsent = errors.New("the edition does not have this lesson")
)

// Explain says in the reader's language why a walk ended; other errors say it themselves.
func (w Walk) Explain(err error) string {
	text := words.Of(w.Language)
	switch {
	case errors.Is(err, ErrWrong):
		return text.Say(words.Put(words.ErrWrong))
	case errors.Is(err, ErrUnlike):
		return text.Say(words.Put(words.ErrUnlike))
	case errors.Is(err, ErrAbsent):
		return text.Say(words.Put(words.ErrAbsent, w.Edition, strings.Join(slices.DeleteFunc(book.Editions(), func(e string) bool { return !w.Page.In(e) }), "|")))
	}
	return err.Error()
}

// Run returns nil at the page's end, or when the reader ends it; then everything is put back.
func (w Walk) Run(ctx context.Context) (err error) {
	if !w.Page.In(w.Edition) {
		return ErrAbsent
	}
	g := &guide{
		Walk: w, text: words.Of(w.Language), screen: screen.New(w.Out, w.Getenv), keys: screen.Type(w.In),
		made: map[string]bool{},
	}
	place, err := g.find(ctx)
	if errors.Is(err, errQuit) {
		return nil
	}
	if err != nil {
		return err
	}
	g.place = place
	defer func() { err = errors.Join(err, place.Close()) }()
	g.Runner, err = lesson.NewRunner(book.Lab, place, place.Folder())
	if err != nil {
		return err
	}
	g.Tell = g.brief
	defer func() { err = errors.Join(err, g.Close()) }()
	return g.page(ctx)
}

// guide is a Walk under way.
type guide struct {
	Walk
	*lesson.Runner
	place  *onlab.Place
	text   words.Words
	screen *screen.Screen
	keys   *screen.Keys

	own     bool            // the lab is the lesson's, and ends with it
	begun   bool            // a command was run
	made    map[string]bool // what its commands changed, see changes
	held    int             // checks
	checked int             // checks
	failed  int             // commands
	shown   time.Time       // when the last brief text was
}

// errQuit says that the reader has had enough.
var errQuit = errors.New("quit")

// say shows a text, on lines of its own.
func (g *guide) say(k words.Key, args ...any) { g.wrap("", g.text.Say(words.Put(k, args...))) }

// briefly is how long a brief text stands at least.
const briefly = 100 * time.Millisecond

// brief shows what is waited for, where that can be taken away again.
func (g *guide) brief(p words.Phrase) {
	if time.Since(g.shown) < briefly {
		return
	}
	g.shown = time.Now()
	g.screen.Brief(prose.Wrap(g.text.Say(p), g.screen.Width()-1)[0])
}

func (g *guide) page(ctx context.Context) error {
	err := g.blocks(ctx)
	if err != nil && g.begun {
		g.cleanUp(context.WithoutCancel(ctx))
		g.putBack(context.WithoutCancel(ctx))
	}
	if g.begun && !g.own {
		g.leaves(context.WithoutCancel(ctx))
	}
	switch {
	case errors.Is(err, errQuit):
		return nil
	case err != nil:
		return err
	}
	g.sum()
	if g.held < g.checked || g.failed > 0 {
		return ErrWrong
	}
	return nil
}

// sum says how many checks held, and which lesson is next.
func (g *guide) sum() {
	if g.held < g.checked {
		g.say(words.NotHeld, g.held, g.checked)
	} else if g.checked > 0 {
		g.say(words.Held, g.held)
	}
	if g.failed > 0 {
		g.say(words.Commands, g.failed)
	}
	if g.Next == nil {
		g.say(words.Last)
		return
	}
	g.say(words.Next, g.Line(fmt.Sprintf("lesson %d", g.Next.Number)), g.Next.Heading())
}

// unseen joins two texts, as a mark between them did: items on both sides are of one list.
const unseen = "\n<!-- -->\n"

func (g *guide) blocks(ctx context.Context) error {
	var text strings.Builder
	for _, b := range g.Page.Blocks {
		if !b.In(g.Edition) {
			continue
		}
		if b.Text != "" {
			text.WriteString(b.Text + unseen)
			continue
		}
		if err := g.read(ctx, &text); err != nil {
			return err
		}
		for _, c := range b.Commands {
			if err := g.offer(ctx, c); err != nil {
				return err
			}
		}
		if b.Check != nil && b.Check.On != book.Cluster {
			if err := g.checks(ctx, b.Check); err != nil {
				return err
			}
		}
	}
	return g.read(ctx, &text)
}

// cleanUp runs what the page ends with; some of it may not be there to clean up.
func (g *guide) cleanUp(ctx context.Context) {
	g.say(words.Cleaning)
	for _, b := range g.Page.Blocks {
		if !b.CleanUp || !b.In(g.Edition) {
			continue
		}
		for _, c := range b.Commands {
			_ = g.Command(ctx, g.Page.File, c, func(string) {}) // what was not made cannot be taken away
		}
	}
}

// find returns the running lab if the reader wants the page there, or one that is started for the page and
// ends with it.
func (g *guide) find(ctx context.Context) (*onlab.Place, error) {
	folder, err := g.FolderOf(g.Lab)
	if err != nil {
		return nil, err
	}
	client := control.NewClient(folder)
	if onlab.Running(ctx, client) != nil {
		g.say(words.Starting, short(onlab.StartWithin))
		return g.startOwn(ctx, g.Lab, g.Listen, "")
	}
	place, err := g.PlaceOf(ctx, client, g.Lab)
	if err != nil {
		return nil, err
	}
	switch err := g.compare(ctx, place); {
	case errors.Is(err, errAnother):
		return g.startOwn(ctx, fmt.Sprintf("lesson-%d", os.Getpid()), "127.0.0.1:0", g.anotherPage())
	case err != nil:
		return nil, err
	}
	return place, nil
}

// startOwn starts a lab for the page.
func (g *guide) startOwn(ctx context.Context, name, listen, page string) (*onlab.Place, error) {
	place, err := g.Begin(ctx, name, listen, g.Edition, page)
	if err != nil {
		return nil, err
	}
	g.own = true
	g.say(words.Started, place.Ingress)
	if place.Page != "" {
		g.say(words.PageAt, place.Page)
	}
	if variables := g.variables(name, place); variables != "" {
		g.say(words.OwnLab, name)
		g.print("  export" + variables)
	}
	fmt.Fprintln(g.screen)
	return place, nil
}

// variables are those that another terminal needs for a lab, a blank before each.
func (g *guide) variables(name string, place *onlab.Place) string {
	text := ""
	if !g.Usual(onlab.NameVariable, name) {
		text += " " + onlab.NameVariable + "=" + name
	}
	if !g.Usual(onlab.URLVariable, place.Ingress) {
		text += " " + onlab.URLVariable + "=" + place.Ingress
	}
	if !g.Usual(onlab.TLSVariable, place.Secure) {
		text += g.secureDoor(place)
	}
	return text
}

// anotherPage is where the live page of a lab beside the running one is: any free port, for the running one may have
// the usual one.
func (g *guide) anotherPage() string {
	const variable, none = "LAB_CONSOLE", "off"
	if g.Getenv(variable) == none {
		return none
	}
	return "127.0.0.1:0"
}

// secureDoor is what a shell needs beside the ingress where commands of the page make encrypted connections.
func (g *guide) secureDoor(place *onlab.Place) string {
	asks := func(c book.Command) bool { return strings.Contains(c.Text, onlab.TLSVariable) }
	if !slices.ContainsFunc(g.Page.Blocks, func(b book.Block) bool {
		return b.In(g.Edition) && slices.ContainsFunc(b.Commands, asks)
	}) {
		return ""
	}
	return " " + onlab.TLSVariable + "=" + place.Secure
}
