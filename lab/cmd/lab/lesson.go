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

	"istio-tutorial/lab/lesson"
)

func (a *app) lesson() *cobra.Command {
	var edition, listen, lang string
	cmd := &cobra.Command{
		Use:   "lesson [LESSON]",
		Short: "List the lessons, or walk through one",
		Long: `List the lessons, or walk through one, by number or name: it shows the text, runs each command when
you press Enter, and runs the checks. It uses the running lab, and the page's blocks of that lab's
edition, or starts a lab for the lesson.`,
		Example: `  bin/lab lesson
  bin/lab lesson 3
  bin/lab lesson 3 --edition v1
  bin/lab lesson 3 --lang zh`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("edition") {
				edition = a.runningEdition(cmd.Context(), edition)
			}
			if !slices.Contains(lesson.Editions(), edition) {
				return misusef("--edition=%s: want %s", edition, strings.Join(lesson.Editions(), ", "))
			}
			folder, err := pagesIn(lang)
			if err != nil {
				return err
			}
			home, pages, err := a.lessons(folder, args)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return a.listLessons(pages)
			}
			if !pages[0].In(edition) {
				return fmt.Errorf("%s: edition %s does not have this lesson, see docs/gateway-api.md", pages[0].File, edition)
			}
			err = lesson.Walk{
				Home: home, Page: pages[0], Edition: edition, Lab: a.name, Listen: listen,
				In: a.stdin, Out: a.stdout,
			}.Run(cmd.Context())
			if errors.Is(err, lesson.ErrWrong) {
				return fmt.Errorf("%s: %w", pages[0].File, err)
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&edition, "edition", a.standardEdition(),
		strings.Join(lesson.Editions(), ", ")+"; default: the running lab's, or $LAB_EDITION")
	flags.StringVar(&lang, "lang", a.language(), "language of the pages: en or zh ($LANG)")
	flags.StringVar(&listen, "listen", defaultListen, "address of the ingress, if it starts a lab")
	return cmd
}

// The languages that there are pages in.
const (
	english = "en"
	chinese = "zh"
)

// language is the reader's, by the variables of locale(7), if there are pages in it.
func (a *app) language() string {
	locale := cmp.Or(a.getenv("LC_ALL"), a.getenv("LC_MESSAGES"), a.getenv("LANG"))
	if strings.HasPrefix(locale, chinese) {
		return chinese
	}
	return english
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

func (a *app) listLessons(pages []lesson.Page) error {
	columns := tabwriter.NewWriter(a.stdout, 0, 8, 3, ' ', 0)
	for _, p := range pages {
		fmt.Fprintf(columns, "%d\t%s\t%s\n", p.Number, p.Name, p.Heading())
	}
	return columns.Flush()
}
