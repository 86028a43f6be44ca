package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

func (a *app) rolloutHistory() *cobra.Command {
	var revision int
	cmd := &cobra.Command{
		Use:   "history deployment/NAME",
		Short: "List the pod templates that a Deployment has and had",
		Example: `  bin/lab rollout history deployment/recommendation-v2
  bin/lab rollout history deployment/recommendation-v2 --revision=1`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, args []string) error {
			list, err := client.History(cmd.Context(), a.selection(args, ""))
			if err != nil {
				return err
			}
			for _, h := range list {
				if err := writeHistory(a.stdout, h, revision); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	cmd.Flags().IntVar(&revision, "revision", 0, "show the pod template of this revision")
	return cmd
}

func writeHistory(w io.Writer, h control.History, revision int) error {
	if revision == 0 {
		fmt.Fprintf(w, "%s/%s\n", h.Resource, h.Name)
		rows := [][]string{{"REVISION", "CHANGE-CAUSE"}}
		for _, t := range h.Templates {
			rows = append(rows, []string{strconv.Itoa(t.Revision), cmp.Or(t.Cause, "<none>")})
		}
		return (&tablePrinter{w: w}).print(rows)
	}
	i := slices.IndexFunc(h.Templates, func(t objects.Template) bool { return t.Revision == revision })
	if i < 0 {
		return fmt.Errorf("unable to find the specified revision %d of %s/%s", revision, h.Resource, h.Name)
	}
	text := strings.TrimSuffix(h.Templates[i].YAML, "\n")
	_, err := fmt.Fprintf(w, "%s/%s with revision #%d\nPod Template:\n  %s\n",
		h.Resource, h.Name, revision, strings.ReplaceAll(text, "\n", "\n  "))
	return err
}

func (a *app) rolloutUndo() *cobra.Command {
	var q control.UndoQuery
	cmd := &cobra.Command{
		Use:   "undo deployment/NAME",
		Short: "Give a Deployment an earlier pod template",
		Example: `  bin/lab rollout undo deployment/recommendation-v2
  bin/lab rollout undo deployment/recommendation-v2 --to-revision=1`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Revision < 0 {
				return misusef("--to-revision=%d: want 0 or more", q.Revision)
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			q.Selection = a.selection(args, "")
			results, err := client.Undo(cmd.Context(), q)
			a.reportAll(results)
			return err
		},
	}
	cmd.Flags().IntVar(&q.Revision, "to-revision", 0, "the revision to go back to; 0 is the one before")
	return cmd
}
