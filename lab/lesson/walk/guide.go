package walk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/prose"
	"istio-tutorial/lab/lesson/words"
)

// read shows the text that was collected a page at a time, and forgets it.
func (g *guide) read(ctx context.Context, text *strings.Builder) error {
	if text.Len() == 0 {
		return nil
	}
	style := prose.Style{Width: g.screen.Width(), Colour: g.screen.Colour, Link: g.target}
	style.Picture = g.text.Say(words.Put(words.Picture, g.File()))
	lines := append(prose.Render(text.String(), style), "")
	text.Reset()
	return g.screen.Pages(ctx, lines, prose.Together, func(ctx context.Context) error {
		_, err := g.answer(ctx, words.More)
		return err
	})
}

// File is the page's, from the folder in which the reader types.
func (w Walk) File() string {
	if path, err := filepath.Rel(w.Folder, w.Page.File); err == nil {
		return path
	}
	return w.Page.File
}

// lessonFile is a link to a lesson, which the text names already.
var lessonFile = regexp.MustCompile(`^\d\d-[a-z0-9-]+\.md$`)

// target says where a link leads: to a file of the repository, or to an address.
func (g *guide) target(link string) string {
	switch {
	case lessonFile.MatchString(link):
		return ""
	case strings.Contains(link, "://"):
		return link
	}
	return filepath.ToSlash(filepath.Join(filepath.Dir(g.File()), link))
}

// answer asks for a line. The reader ends the lesson by q, or where nothing more is typed.
func (g *guide) answer(ctx context.Context, prompt words.Key) (string, error) {
	g.screen.Clear()
	g.keys.Forget()
	ask := func() { g.screen.Ask(g.painted(dim, g.text[prompt])) }
	ask()
	word, err := g.keys.Next(ctx, ask)
	if err == nil && !g.keys.Terminal() {
		fmt.Fprintln(g.screen, word)
	}
	switch {
	case errors.Is(err, io.EOF):
		fmt.Fprintln(g.screen)
		return "", errQuit
	case err != nil:
		fmt.Fprintln(g.screen)
		return "", err
	case word == "q":
		return "", errQuit
	}
	return word, nil
}

// choose asks until the answer is one of some words.
func (g *guide) choose(ctx context.Context, prompt, again words.Key, words ...string) (string, error) {
	for {
		word, err := g.answer(ctx, prompt)
		if err != nil {
			return "", err
		}
		for _, w := range words {
			if word == w {
				return word, nil
			}
		}
		prompt = again
	}
}

// offer runs a command if the reader says so.
func (g *guide) offer(ctx context.Context, c book.Command) error {
	g.echo(c)
	word, err := g.choose(ctx, words.Run, words.RunAgain, "", "s")
	if err != nil {
		return err
	}
	if word == "" {
		return g.do(ctx, c)
	}
	fmt.Fprintln(g.screen)
	return nil
}

// The codes of a terminal for how text looks.
const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
)

// painted gives a text a look, where that can be.
func (g *guide) painted(code, text string) string {
	if !g.screen.Colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// short is a time without the units that are zero.
func short(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if before, ok := strings.CutSuffix(text, zero); ok {
			text = before + zero[:1]
		}
	}
	return text
}

func (g *guide) print(line string) { fmt.Fprintln(g.screen, line) }

// do runs a command, and tells where it does not what the page says.
func (g *guide) do(ctx context.Context, c book.Command) error {
	g.begun = true
	show := g.printed()
	err := g.note(ctx, func() error { return g.Command(ctx, g.Page.File, c, show) })
	failure, ok := errors.AsType[*lesson.Failure](err)
	if ok {
		g.failed++
		said := failure.Said
		if len(said) == 0 {
			said = []string{g.text[words.Success]}
		}
		g.print(g.verdict(false) + g.text[words.Expects])
		for _, line := range said {
			show("  " + line)
		}
		err = nil
	}
	fmt.Fprintln(g.screen)
	return err
}

// checks does a check, and ticks its claims.
func (g *guide) checks(ctx context.Context, c *book.Check) error {
	title := c.Title()
	if longest := lesson.Longest(c); longest > 0 {
		title = words.Put(words.UpTo, title, short(longest))
	}
	g.wrap("", g.text.Say(words.Put(words.Checking, title)))
	claims, err := g.Check(ctx, c)
	g.screen.Clear()
	if err != nil {
		return fmt.Errorf("%s:%d: %w", g.Page.File, c.Line, err)
	}
	g.checked++
	all := true
	for _, claim := range claims {
		all = all && claim.OK
		g.wrap(g.verdict(claim.OK), g.text.Say(claim.Line()))
	}
	if all {
		g.held++
	}
	fmt.Fprintln(g.screen)
	return nil
}

// verdict is the begin of a line that says whether something is as the page says.
func (g *guide) verdict(ok bool) string {
	if ok {
		return g.painted(green, g.text[words.OK])
	}
	return g.painted(red, g.text[words.Wrong])
}

// wrap shows a text of this program in as many lines as it needs, each as far from the edge as its
// begin.
func (g *guide) wrap(begin, text string) {
	edge := prose.Width(prose.Bare(begin))
	for i, line := range prose.Wrap(text, g.screen.Width()-edge) {
		if i > 0 {
			begin = strings.Repeat(" ", edge)
		}
		g.print(begin + line)
	}
}
