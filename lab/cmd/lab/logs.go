package main

import (
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

// logFlags are those of all verbs that show logs.
type logFlags struct {
	query control.LogQuery
	tail  int
}

func (l *logFlags) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVarP(&l.query.Follow, "follow", "f", false, "keep printing new lines")
	flags.IntVar(&l.tail, "tail", -1, "print only the last lines; -1 prints all")
	flags.DurationVar(&l.query.Since, "since", 0, "print only lines that are not older than this")
}

// request is the query; a selector shows 10 lines of each pod where nothing else is said.
func (l *logFlags) request(s objects.Selection) (control.LogQuery, error) {
	query := l.query
	query.Selection = s
	switch {
	case l.tail < -1:
		return query, misusef("--tail=%d: want -1 or more", l.tail)
	case query.Since < 0:
		return query, misusef("--since=%v: want more than 0", query.Since)
	case l.tail >= 0:
		query.Tail = &l.tail
	}
	return query, nil
}

func (a *app) logs() *cobra.Command {
	var l logFlags
	var labels string
	cmd := &cobra.Command{
		Use:   "logs POD | deployment/NAME | -l LABELS",
		Short: "Show what pods have printed",
		Example: `  bin/lab logs -f recommendation-v2-785465d9cd-225ms -c recommendation
  bin/lab logs --tail=5 deployment/customer
  bin/lab logs --prefix -l app=recommendation`,
		ValidArgsFunction: a.completePods,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && labels == "":
				return misusef("want POD, deployment/NAME or -l LABELS; bin/lab get pods lists the pods")
			case len(args) > 0 && labels != "":
				return misusef("-l takes no names")
			case len(args) == 2 && l.query.Container == "": // as kubectl of old took it
				l.query.Container, args = args[1], args[:1]
			case len(args) > 1:
				return misusef("logs takes one POD, or -l LABELS")
			}
			query, err := l.request(a.selection(args, labels))
			if err != nil {
				return err
			}
			if labels != "" && !cmd.Flags().Changed("tail") {
				query.Tail = new(10) // as kubectl does
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			return a.printLines(client.Logs(cmd.Context(), query))
		},
	}
	l.declare(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&labels, "selector", "l", "",
		"print the last 10 lines of each pod with these labels")
	flags.StringVarP(&l.query.Container, "container", "c", "",
		"the container: the program, or istio-proxy for the sidecar")
	flags.BoolVar(&l.query.AllContainers, "all-containers", false, "print the lines of the sidecar, too")
	flags.BoolVarP(&l.query.Previous, "previous", "p", false, "print the lines from before the last restart")
	flags.BoolVar(&l.query.Prefix, "prefix", false, "begin each line with its pod")
	flags.BoolVar(&l.query.Timestamps, "timestamps", false, "begin each line with the time when it was written")
	return cmd
}

func (a *app) printLines(lines iter.Seq2[string, error]) error {
	for line, err := range lines {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(a.stdout, line); err != nil {
			return err
		}
	}
	return nil
}
