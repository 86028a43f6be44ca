package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
)

func (a *app) lesson() *cobra.Command {
	var edition, listen string
	cmd := &cobra.Command{
		Use:   "lesson [LESSON]",
		Short: "List the lessons, or walk through one",
		Long: `List the lessons, or walk through one, by number or name: its text, each command when you press
Enter, and its checks. It uses the running lab, or starts one for the lesson.`,
		Example: `  bin/lab lesson
  bin/lab lesson 3`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(lesson.Editions(), edition) {
				return misusef("--edition=%s: want %s", edition, strings.Join(lesson.Editions(), ", "))
			}
			home, pages, err := a.lessons(args)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return a.listLessons(pages)
			}
			if !pages[0].In(edition) {
				return fmt.Errorf("%s: the %s edition has none, see docs/gateway-api.md", pages[0].File, edition)
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
	flags.StringVar(&edition, "edition", string(control.Classic), strings.Join(lesson.Editions(), ", "))
	flags.StringVar(&listen, "listen", defaultListen, "the ingress' address of a lab that it starts")
	return cmd
}

func (a *app) listLessons(pages []lesson.Page) error {
	columns := tabwriter.NewWriter(a.stdout, 0, 8, 3, ' ', 0)
	for _, p := range pages {
		fmt.Fprintf(columns, "%d\t%s\t%s\n", p.Number, p.Name, p.Heading())
	}
	return columns.Flush()
}
