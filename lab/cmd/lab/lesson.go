package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/walk"
)

// lessonVerb is lesson and its flags.
type lessonVerb struct {
	*app
	edition, listen, lang string
	changed               func(flag string) bool // the reader gave it
}

func (a *app) lesson() *cobra.Command {
	w := &lessonVerb{app: a}
	cmd := &cobra.Command{
		Use:   "lesson [LESSON]",
		Short: "List the lessons, or walk through one",
		Long: `List the lessons, or walk through one, by number or name: it shows the text a page at a time, runs each
command when you press Enter, and runs the checks. It uses the running lab, and the page's blocks of that
lab's edition, or starts a lab for the lesson. If the running lab has changed since its start, it asks
you before it changes anything.`,
		Example: `  bin/lab lesson
  bin/lab lesson 3
  bin/lab lesson 3 --edition v1
  bin/lab lesson 3 --lang zh`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return w.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	w.changed = flags.Changed
	flags.StringVar(&w.edition, "edition", a.standardEdition(),
		strings.Join(book.Editions(), ", ")+"; default: the running lab's, or $LAB_EDITION")
	flags.StringVar(&w.lang, "lang", a.language(), "language of the pages and messages: en or zh ($LANG)")
	flags.StringVar(&w.listen, "listen", cmp.Or(a.getenv("LAB_LISTEN"), defaultListen),
		"address of the ingress, if it starts a lab ($LAB_LISTEN)")
	return cmd
}

func (w *lessonVerb) run(ctx context.Context, args []string) error {
	if err := w.check(ctx); err != nil {
		return err
	}
	folder, err := pagesIn(w.lang)
	if err != nil {
		return err
	}
	home, pages, err := w.lessons(folder, nil)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return w.listLessons(pages)
	}
	at, err := w.find(pages, args[0])
	if err != nil {
		return err
	}
	page := pages[at]
	led := walk.Walk{
		Home: home, Page: page, Edition: w.edition, Language: w.lang, Lab: w.name, Listen: w.listen,
		Line:  func(verb string) string { return w.line(verb) + w.at(verb) + w.given(verb) },
		Other: fmt.Sprintf("bin/lab --name %s-2 lesson %d --listen 127.0.0.1:0", w.name, page.Number) + w.given("lesson"),
		Usual: usual, In: w.stdin, Out: w.process.stdout, Getenv: w.getenv,
	}
	if next := slices.IndexFunc(pages[at+1:], func(p book.Page) bool { return p.In(w.edition) }); next >= 0 {
		led.Next = &pages[at+1+next]
	}
	if err = led.Run(ctx); errors.Is(err, walk.ErrWrong) || errors.Is(err, walk.ErrAbsent) {
		return fmt.Errorf("%s: %s", led.File(), led.Explain(err))
	}
	if errors.Is(err, walk.ErrUnlike) {
		return errors.New(led.Explain(err))
	}
	return err
}

// check completes the flags, and returns what is wrong with them.
func (w *lessonVerb) check(ctx context.Context) (err error) {
	if _, err = w.client(); err != nil {
		return err
	}
	if w.listen, err = checkAddress("listen", w.listen, defaultListen); err != nil {
		return err
	}
	if !w.changed("edition") {
		w.edition = w.runningEdition(ctx, w.edition)
	}
	if !slices.Contains(book.Editions(), w.edition) {
		return misusef("--edition=%s: want %s", w.edition, strings.Join(book.Editions(), ", "))
	}
	return nil
}

// at is the flag for the doors of a lab that another walk starts.
func (w *lessonVerb) at(verb string) string {
	if strings.HasPrefix(verb, "lesson") && w.changed("listen") {
		return " --listen " + w.listen
	}
	return ""
}

// given are the flags of a walk for another one: what the reader said stays so.
func (w *lessonVerb) given(verb string) string {
	if !strings.HasPrefix(verb, "lesson") {
		return ""
	}
	flags := ""
	if w.changed("edition") {
		flags += " --edition " + w.edition
	}
	if w.changed("lang") {
		flags += " --lang " + w.lang
	}
	return flags
}

// pagesIn is the folder of a language's pages.
func pagesIn(lang string) (string, error) {
	switch lang {
	case english:
		return englishPages, nil
	case chinese:
		return filepath.Join(englishPages, chinese), nil
	}
	return "", misusef("--lang=%s: want %s, %s", lang, english, chinese)
}

// runningEdition is that of the running lab; without one, it is other.
func (a *app) runningEdition(ctx context.Context, other string) string {
	client, err := a.client()
	if err != nil {
		return other
	}
	status, err := client.Status(ctx)
	if err != nil {
		return other
	}
	return cmp.Or(string(status.Edition), other)
}

func (a *app) listLessons(pages []book.Page) error {
	columns := tabwriter.NewWriter(a.fitted(), 0, 8, 3, ' ', 0)
	for _, p := range pages {
		fmt.Fprintf(columns, "%d\t%s\t%s%s\n", p.Number, p.Name, p.Heading(), onlyIn(p))
	}
	return columns.Flush()
}

// onlyIn names the editions that have a lesson, where not all do.
func onlyIn(p book.Page) string {
	has := slices.DeleteFunc(book.Editions(), func(e string) bool { return !p.In(e) })
	if len(has) == len(book.Editions()) {
		return ""
	}
	return " (" + strings.Join(has, ", ") + ")"
}
