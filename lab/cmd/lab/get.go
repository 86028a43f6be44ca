package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
)

func (a *app) get() *cobra.Command {
	var labels string
	var watch, watchOnly, ignoreMissing bool
	var files sources
	o := output{app: a}
	cmd := &cobra.Command{
		Use:   "get KIND [NAME...] | KIND/NAME... | KIND,KIND | all",
		Short: "List objects",
		Long: `List objects. A kind may be written as kubectl and istioctl write it: pods, pod, po, svc,
deploy, ns, ing, routerule, destinationpolicies, egressrule, denier, rules ..., vs, dr, se, ap,
virtualservices.networking.istio.io ... istio-io and gateway-api list all rules of today.`,
		Example: `  bin/lab get pods -w
  bin/lab get routerule recommendation-default -o yaml
  bin/lab get vs,dr
  bin/lab get pods -l app=recommendation -o jsonpath='{.items[*].metadata.name}'`,
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !files.given() {
				return misusef("name what to list: pods, services, deployments, routerules, rules, all")
			}
			if err := o.check(args); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			s := a.selection(args, labels)
			s.AllNamespaces = o.allNamespaces
			if files.given() {
				return o.getFiles(cmd.Context(), client, &files, args)
			}
			if watch || watchOnly {
				return o.follow(client.Watch(cmd.Context(), s), watchOnly)
			}
			tables, missing := client.Get(cmd.Context(), s)
			if err := o.list(tables, missing); err != nil {
				return err
			}
			if len(rowsOf(tables)) == 0 {
				a.otherGroup(cmd.Context(), client, s)
			}
			return unlessIgnored(missing, ignoreMissing)
		},
	}
	o.declare(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&labels, "selector", "l", "",
		"only objects with these labels, such as app=recommendation,version!=v1")
	flags.BoolVarP(&watch, "watch", "w", false, "keep printing changes")
	flags.BoolVar(&watchOnly, "watch-only", false, "print only changes")
	flags.BoolVar(&ignoreMissing, "ignore-not-found", false, "do not fail for an object that does not exist")
	files.declare(a, cmd)
	return cmd
}

// getFiles shows the objects that files name, as they are now.
func (o *output) getFiles(
	ctx context.Context, client *control.Client, files *sources, args []string,
) error {
	if len(args) > 0 {
		return misusef("-f and -k name what to list, and take no other names")
	}
	read, err := files.read(ctx, o.stdin)
	if err != nil {
		return err
	}
	selections, err := o.named(read)
	if err != nil {
		return err
	}
	o.one = len(selections) == 1 && len(selections[0].Args) == 1
	var tables []control.Table
	var problems []error
	for _, s := range selections {
		found, missing := client.Get(ctx, s)
		tables, problems = append(tables, found...), append(problems, missing)
	}
	missing := objects.Join(problems...)
	if err := o.list(tables, missing); err != nil {
		return err
	}
	return missing
}

// named are the objects of files, a selection for those of one namespace that follow each other.
func (a *app) named(files []objects.File) ([]objects.Selection, error) {
	var list []objects.Selection
	for _, f := range files {
		docs, err := document.Parse(f.Name, bytes.NewReader(f.Data))
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			namespace := cmp.Or(d.Namespace, a.namespace)
			if len(list) == 0 || list[len(list)-1].Namespace != namespace {
				list = append(list, objects.Selection{Namespace: namespace})
			}
			last := &list[len(list)-1]
			last.Args = append(last.Args, resource(d)+"/"+d.Name)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no objects in the files")
	}
	return list, nil
}

// selected are the objects that a verb is for: those of its files, or those that are named.
func (a *app) selected(ctx context.Context, files *sources, names []string, labels string) ([]objects.Selection, error) {
	switch {
	case !files.given():
		return []objects.Selection{a.selection(names, labels)}, nil
	case len(names) > 0 || labels != "":
		return nil, misusef("-f and -k name the objects, and take no other names")
	}
	read, err := files.read(ctx, a.stdin)
	if err != nil {
		return nil, err
	}
	return a.named(read)
}

// each does something to selections of objects, and tells of all that was done.
func (a *app) each(list []objects.Selection, do func(objects.Selection) ([]objects.Result, error)) error {
	var problems []error
	for _, s := range list {
		results, err := do(s)
		a.reportAll(results)
		problems = append(problems, err)
	}
	return objects.Join(problems...)
}

// unlessIgnored leaves out that something was not there, if that is to be ignored.
func unlessIgnored(err error, ignore bool) error {
	refused, ok := errors.AsType[*objects.Error](err)
	if ok && ignore && refused.Reason == objects.NotFound {
		return nil
	}
	return err
}
