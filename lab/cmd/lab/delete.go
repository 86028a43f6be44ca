package main

import (
	"strings"

	"istio-tutorial/lab/objects"

	"github.com/spf13/cobra"
)

// removal is delete, by files or by names.
type removal struct {
	change
	labels        string
	all           bool
	ignoreMissing bool
	wait          bool
}

func (a *app) delete() *cobra.Command {
	r := &removal{change: change{app: a, verb: objects.Delete, dryRun: "none"}}
	cmd := &cobra.Command{
		Use:   "delete -f FILE | KIND NAME... | KIND/NAME...",
		Short: "Delete objects by files or by names",
		Example: `  bin/lab delete -f istiofiles/acl-whitelist.yml
  bin/lab delete routerule recommendation-default
  bin/lab delete deployment/recommendation-v2`,
		Args:              r.args,
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.given() {
				return unlessIgnored(r.run(cmd), r.ignoreMissing)
			}
			return r.do(cmd, args)
		},
	}
	r.declare(a, cmd)
	cmd.Flags().StringVarP(&r.labels, "selector", "l", "", "delete the objects with these labels")
	cmd.Flags().BoolVar(&r.all, "all", false, "delete all objects of the kind in the namespace")
	cmd.Flags().BoolVar(&r.ignoreMissing, "ignore-not-found", false, "treat an object that does not exist as deleted")
	cmd.Flags().BoolVar(&r.wait, "wait", true, "return when deleted pods have ended")
	take(cmd, habitsOfDelete())
	return cmd
}

func (r *removal) args(_ *cobra.Command, args []string) error {
	many := r.all || r.labels != ""
	if r.given() {
		if len(args) > 0 || many {
			return misusef("-f and -k delete what the files name, and take no other names")
		}
		return nil
	}
	named := len(args) > 1 || len(args) == 1 && strings.Contains(args[0], "/")
	switch {
	case len(args) == 0 || !named && !many:
		return misusef("provide configuration type and name or -f option")
	case named && many:
		return misusef("--all and -l take no names")
	}
	return nil
}

func (r *removal) do(cmd *cobra.Command, args []string) error {
	client, err := r.client()
	if err != nil {
		return err
	}
	results, err := client.Delete(cmd.Context(), r.selection(args, r.labels))
	var refs []objects.Ref
	for _, result := range results {
		r.report(r.byName(result, args[0]), result)
		refs = append(refs, result.Ref)
	}
	if err = unlessIgnored(err, r.ignoreMissing); err != nil || !r.wait {
		return err
	}
	return client.Gone(cmd.Context(), refs)
}

// byName is the sentence about an object that was named; istioctl repeats the word that was typed.
func (r *removal) byName(result objects.Result, typed string) string {
	if result.Type == "" {
		return done(result)
	}
	if strings.ContainsAny(typed, "/,") || typed == "all" {
		typed, _, _ = strings.Cut(result.Resource, ".")
	}
	return "Deleted config: " + typed + " " + result.Name
}
