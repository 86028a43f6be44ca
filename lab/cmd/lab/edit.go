package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

func (a *app) edit() *cobra.Command {
	return &cobra.Command{
		Use:   "edit KIND NAME",
		Short: "Change objects in your editor",
		Long: `Change objects in your editor: that of $KUBE_EDITOR, else of $EDITOR, else vi. A refused change
stays in a file, whose name is printed.`,
		Example: `  bin/lab edit routerule recommendation-default
  EDITOR='code --wait' bin/lab edit deployment/recommendation-v2`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: a.asking(func(cmd *cobra.Command, client *control.Client, args []string) error {
			tables, err := client.Get(cmd.Context(), a.selection(args, ""))
			if err != nil {
				return err
			}
			rows := rowsOf(tables)
			if len(rows) == 0 {
				a.noneFound(false)
				return nil
			}
			var texts []string
			for _, r := range rows {
				texts = append(texts, r.YAML)
			}
			return a.editText(cmd.Context(), client, strings.Join(texts, "---\n"))
		}),
	}
}

const beforeEdit = `# Please edit the object below. Lines beginning with a '#' are comments,
# and an empty file ends the edit. What is not taken is kept in a file.
`

// editText has the reader edit it, and puts in force what comes of it.
func (a *app) editText(ctx context.Context, client *control.Client, before string) error {
	file, err := os.CreateTemp("", "lab-edit-*.yaml")
	if err != nil {
		return err
	}
	text := beforeEdit + before
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = a.runEditor(ctx, file.Name())
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	after, err := os.ReadFile(file.Name())
	switch {
	case err != nil:
		return err
	case bytes.Equal(after, []byte(text)):
		fmt.Fprintln(a.stderr, "Edit cancelled, no changes made.")
		return os.Remove(file.Name())
	case onlyComments(after):
		fmt.Fprintln(a.stderr, "Edit cancelled, saved file was empty.")
		return os.Remove(file.Name())
	}
	results, err := client.Change(ctx, control.Change{
		Verb: objects.Replace, Files: []objects.File{{Name: file.Name(), Data: after}}, Namespace: a.namespace,
	})
	if err != nil {
		fmt.Fprintf(a.stderr, "A copy of your changes has been stored to %q\n", file.Name())
		return err
	}
	for _, r := range results {
		r.Done = "edited"
		a.report(done(r), r)
	}
	return os.Remove(file.Name())
}

func onlyComments(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// runEditor has a shell read the words of the editor, as kubectl does.
func (a *app) runEditor(ctx context.Context, file string) error {
	editor := cmp.Or(a.getenv("KUBE_EDITOR"), a.getenv("EDITOR"), "vi")
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "editor", file)
	cmd.Env = a.environ()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.process.stdout, a.stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("editor %q: %w; $EDITOR names another", editor, err)
	}
	return nil
}
