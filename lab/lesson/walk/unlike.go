package walk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/onlab"
	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/objects"
)

// errAnother says that the reader wants another lab.
var errAnother = errors.New("another lab")

// compare returns nil once a running lab is as its start was, which every page expects, and of the page's
// edition. It changes the lab only if the reader says so.
func (g *guide) compare(ctx context.Context, place *onlab.Place) error {
	for {
		edition, objects, err := g.unlike(ctx, place.Client)
		if err != nil || len(edition)+len(objects) == 0 {
			return err
		}
		g.say(words.Unlike, g.Lab)
		for _, p := range append(edition, objects...) {
			g.wrap("  ", g.text.Say(p))
		}
		if !g.keys.Terminal() {
			g.advise(len(edition) == 0)
			return ErrUnlike
		}
		prompt, again, keys := words.Choose, words.ChooseAgain, []string{"r", "n"}
		if len(edition) > 0 {
			prompt, again, keys = words.ChooseOther, words.ChooseOtherAgain, []string{"n"}
		}
		word, err := g.choose(ctx, prompt, again, keys...)
		if err != nil {
			return err
		}
		fmt.Fprintln(g.screen)
		if word == "n" {
			g.say(words.Another, short(onlab.StartWithin))
			return errAnother
		}
		if err := g.reset(ctx, place); err != nil {
			return err
		}
	}
}

// advise says what to type, where nobody is there to ask.
func (g *guide) advise(resets bool) {
	if resets {
		g.say(words.Tell)
		g.print("  " + g.Line("reset"))
	}
	g.say(words.TellOther)
	g.print("  " + g.Other)
}

// unlike is what is not as a page expects it: the lab's edition, and objects that are not as at its start.
func (g *guide) unlike(ctx context.Context, client *control.Client) (edition, changed []words.Phrase, err error) {
	status, err := client.Status(ctx)
	if err != nil {
		return nil, nil, err
	}
	if string(status.Edition) != g.Edition {
		edition = []words.Phrase{words.Put(words.OtherEdition, status.Edition, g.Edition)}
	}
	results, err := client.Reset(ctx, control.Reset{DryRun: true})
	for _, r := range results {
		changed = append(changed, undone(r))
	}
	return edition, changed, err
}

// undone says what a reset would undo.
func undone(r objects.Result) words.Phrase {
	says := words.Changed
	switch r.Done {
	case "deleted":
		says = words.Added
	case "created":
		says = words.Missing
	}
	return words.Put(says, strings.ToLower(r.Kind), r.Name)
}

// reset puts the lab back, as the verb does.
func (g *guide) reset(ctx context.Context, place *onlab.Place) error {
	r, err := lesson.NewRunner(book.Lab, place, place.Folder())
	if err != nil {
		return err
	}
	err = r.Command(ctx, g.Page.File, book.Command{Line: 1, Text: "bin/lab reset"}, g.printed())
	fmt.Fprintln(g.screen)
	return errors.Join(err, r.Close())
}

// changes are the objects of the lab that are not as at its start, and how they are not.
func (g *guide) changes(ctx context.Context) (map[string]bool, error) {
	results, err := g.place.Client.Reset(ctx, control.Reset{DryRun: true})
	list := map[string]bool{}
	for _, r := range results {
		list[fmt.Sprint(r.Ref, " ", r.Done)] = true
	}
	return list, err
}

// note runs a command of the page, and notes which objects it changed.
func (g *guide) note(ctx context.Context, run func() error) error {
	if g.own {
		return run() // all of it goes with the lab
	}
	before, errBefore := g.changes(ctx)
	err := run()
	after, errAfter := g.changes(context.WithoutCancel(ctx))
	if errBefore != nil || errAfter != nil {
		return err // what is not known to be the page's is not taken away
	}
	for change := range after {
		if !before[change] {
			g.made[change] = true
		}
	}
	return err
}

// putBack undoes what the clean-up of a page leaves of one that was gone through half-way, if nothing of it
// is the reader's own.
func (g *guide) putBack(ctx context.Context) {
	left, err := g.changes(ctx)
	if err != nil || len(left) == 0 {
		return
	}
	for change := range left {
		if !g.made[change] {
			return
		}
	}
	_, _ = g.place.Client.Reset(ctx, control.Reset{}) // what it does not do is told afterwards
}

// leaves tells what is not as it was, after a page that was not gone through to its end.
func (g *guide) leaves(ctx context.Context) {
	_, changed, err := g.unlike(ctx, g.place.Client)
	if err != nil || len(changed) == 0 {
		return
	}
	g.say(words.Left, g.Line("reset"))
	for _, p := range changed {
		g.wrap("  ", g.text.Say(p))
	}
}
