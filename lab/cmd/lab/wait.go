package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/util/jsonpath"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
)

// waiting is wait and its flags.
type waiting struct {
	*app
	until, labels string
	all           bool
	timeout       time.Duration

	met func(control.Row) (bool, error) // nil: they are to be gone
}

func (a *app) wait() *cobra.Command {
	w := &waiting{app: a}
	cmd := &cobra.Command{
		Use:   "wait KIND/NAME --for=condition=CONDITION | delete | create | jsonpath='{.PATH}'=VALUE",
		Short: "Wait until objects are as they should be",
		Example: `  bin/lab wait deployment/recommendation-v2 --for=condition=Available
  bin/lab wait pods -l app=recommendation --for=condition=Ready --timeout=60s
  bin/lab wait pod/recommendation-v2-785465d9cd-225ms --for=delete`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := w.parse(); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			return w.run(cmd.Context(), client, a.selection(args, w.labels))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&w.until, "for", "", "condition=NAME[=VALUE], delete, create or jsonpath={.PATH}[=VALUE]")
	flags.StringVarP(&w.labels, "selector", "l", "", "objects with these labels")
	flags.BoolVar(&w.all, "all", false, "all objects of the kind in the namespace")
	flags.DurationVar(&w.timeout, "timeout", 30*time.Second, "give up after this time; less than 0 is a week")
	complete(cmd, "for", "condition=Available", "condition=Ready", "delete", "create", "jsonpath=")
	return cmd
}

func (w *waiting) parse() error {
	if w.timeout < 0 {
		w.timeout = 7 * 24 * time.Hour
	}
	kind, rest, _ := strings.Cut(w.until, "=")
	switch kind {
	case "delete":
	case "create":
		w.met = func(control.Row) (bool, error) { return true, nil }
	case "condition":
		name, value, given := strings.Cut(rest, "=")
		if !given {
			value = "True"
		}
		w.met = func(r control.Row) (bool, error) { return hasCondition(r, name, value) }
	case "jsonpath":
		return w.parsePath(rest)
	default:
		return misusef("--for=%s: want condition=NAME, delete, create or jsonpath={.PATH}=VALUE", w.until)
	}
	return nil
}

func (w *waiting) parsePath(text string) error {
	fields, value, given := text, "", false
	if i := strings.LastIndex(text, "}="); i >= 0 {
		fields, value, given = text[:i+1], text[i+2:], true
	}
	path := jsonpath.New("wait").AllowMissingKeys(true)
	if err := path.Parse(relaxed(fields)); err != nil {
		return misusef("--for=jsonpath=%s: %w", text, err)
	}
	w.met = func(r control.Row) (bool, error) {
		object, err := objectOf(r)
		if err != nil {
			return false, err
		}
		values, err := fieldOf(path, object)
		return err == nil && len(values) > 0 && (!given || cellOf(values[0]) == value), err
	}
	return nil
}

// hasCondition reports whether the object's status says so.
func hasCondition(r control.Row, name, value string) (bool, error) {
	object, err := objectOf(r)
	if err != nil {
		return false, err
	}
	status, _ := object["status"].(map[string]any)
	conditions, _ := status["conditions"].([]any)
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if strings.EqualFold(cellOf(condition["type"]), name) {
			return strings.EqualFold(cellOf(condition["status"]), value), nil
		}
	}
	return false, nil
}

// run looks at the kinds as a whole whenever something changes: what is meant may not be there yet,
// or no longer.
func (w *waiting) run(ctx context.Context, client *control.Client, s objects.Selection) error {
	picks, err := s.Picks()
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	left, err := w.targets(within, client, s, picks)
	switch {
	case within.Err() != nil && ctx.Err() == nil:
		return late(s.Args)
	case err != nil:
		return err
	}
	whole := s
	whole.Args, whole.Labels = []string{kindsOf(picks)}, ""
	for _, err := range client.Watch(within, whole) {
		var tables []control.Table
		if err == nil {
			tables, err = client.Get(within, whole)
		}
		if err == nil {
			left, err = w.unmet(left, rowsOf(tables))
		}
		switch {
		case within.Err() != nil:
		case err != nil:
			return err
		case len(left) == 0:
			return nil
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return late(left)
}

func late(targets []string) error {
	return fmt.Errorf("timed out waiting for the condition on %s", strings.Join(targets, ", "))
}

func kindsOf(picks []objects.Pick) string {
	var kinds []string
	for _, p := range picks {
		kinds = append(kinds, p.Kind.String())
	}
	return strings.Join(kinds, ",")
}

// targets are what is waited for, as RESOURCE/NAME. Only what is to come, or to be gone, may be
// missing.
func (w *waiting) targets(
	ctx context.Context, client *control.Client, s objects.Selection, picks []objects.Pick,
) (list []string, err error) {
	for _, p := range picks {
		for _, name := range p.Names {
			list = append(list, p.Kind.Resource()+"/"+name)
		}
	}
	if len(list) > 0 && (w.until == "create" || w.until == "delete") {
		return list, nil
	}
	tables, err := client.Get(ctx, s)
	if err != nil {
		return nil, err
	}
	list = nil
	for _, r := range rowsOf(tables) {
		list = append(list, r.Resource+"/"+r.Name)
	}
	if len(list) == 0 {
		err = errors.New("no matching resources found")
	}
	return list, err
}

// unmet are the targets that are not yet as they should be; it names the others.
func (w *waiting) unmet(targets []string, rows []control.Row) (left []string, err error) {
	for _, target := range targets {
		i := slices.IndexFunc(rows, func(r control.Row) bool { return r.Resource+"/"+r.Name == target })
		met := i < 0 && w.met == nil
		if i >= 0 && w.met != nil {
			if met, err = w.met(rows[i]); err != nil {
				return nil, err
			}
		}
		if met {
			fmt.Fprintln(w.stdout, document.Printable(target), "condition met")
		} else {
			left = append(left, target)
		}
	}
	return left, nil
}
