package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
)

// change is a verb on all that some files hold.
type change struct {
	*app
	sources
	verb   objects.Verb
	dryRun string
}

func (c *change) command(cmd *cobra.Command) *cobra.Command {
	cmd.Use = string(c.verb) + " -f FILE"
	cmd.Args = c.noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return c.run(cmd) }
	c.declareDryRun(cmd)
	c.declare(c.app, cmd)
	c.declareChannel(cmd)
	take(cmd, habitsOfChange())
	return cmd
}

func (c *change) declareDryRun(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.dryRun, "dry-run", "none", "client: only check the files, which needs no lab")
	flags.Lookup("dry-run").NoOptDefVal = "client"
}

func (c *change) noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misusef("%s takes no arguments: %s -f %s", c.verb, c.line(string(c.verb)), args[0])
	}
	return nil
}

func (c *change) run(cmd *cobra.Command) error {
	switch {
	case !c.given():
		return misusef("filename not specified (see --filename or -f)")
	case !slices.Contains([]string{"none", "client", "server", "true"}, c.dryRun):
		return misusef("--dry-run=%s: want none or client", c.dryRun)
	}
	files, err := c.read(cmd.Context(), c.stdin)
	if err != nil {
		return err
	}
	return c.do(cmd, files)
}

func (c *change) do(cmd *cobra.Command, files []objects.File) error {
	if c.dryRun != "none" {
		return c.check(files)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	results, err := client.Change(cmd.Context(), control.Change{
		Verb: c.verb, Files: files, Namespace: c.namespace, Strict: c.explicit,
	})
	for _, r := range results {
		c.report(c.words(r), r)
	}
	if err != nil {
		return err
	}
	c.claimed(results)
	c.hint(cmd.Context(), client, files)
	return c.unlessNone(len(results))
}

// check says of each object that it is valid.
func (c *change) check(files []objects.File) error {
	warnings, err := offline.Lab{Files: files, Namespace: c.namespace}.Check()
	if err != nil {
		return err
	}
	var all []document.Document
	for _, f := range files {
		docs, err := document.Parse(f.Name, bytes.NewReader(f.Data))
		if err != nil {
			return err
		}
		all = append(all, docs...)
	}
	for _, d := range all {
		fmt.Fprintln(c.stdout, document.Printable(resource(d)+"/"+d.Name), "valid (dry run)")
	}
	c.warn(warnings...)
	return c.unlessNone(len(all))
}

// resource is how kubectl prints a kind.
func resource(d document.Document) string {
	kind := strings.ToLower(d.Kind)
	if group, _, ok := strings.Cut(d.APIVersion, "/"); ok {
		return kind + "." + group
	}
	return kind
}

func (c *change) unlessNone(count int) error {
	if count == 0 {
		return fmt.Errorf("nothing to %s", c.verb)
	}
	return nil
}

// words are istioctl's for a rule, and kubectl's for all else and for its own verb, apply.
func (c *change) words(r objects.Result) string {
	switch {
	case r.Type == "" || c.verb == objects.Apply:
		return done(r)
	case c.verb == objects.Delete:
		return "Deleted config: " + key(r)
	case c.verb == objects.Replace:
		return fmt.Sprintf("Updated config %s to revision %d", key(r), r.Revision)
	default:
		return fmt.Sprintf("Created config %s at revision %d", key(r), r.Revision)
	}
}

// key is istioctl's name of a rule.
func key(r objects.Result) string { return r.Type + "/" + r.Namespace + "/" + r.Name }

// done is kubectl's sentence.
func done(r objects.Result) string {
	if r.Done == "deleted" {
		return fmt.Sprintf("%s %q deleted", r.Resource, r.Name)
	}
	return fmt.Sprintf("%s/%s %s", r.Resource, r.Name, r.Done)
}

func (a *app) report(words string, r objects.Result) {
	fmt.Fprintln(a.fitted(), document.Printable(words))
	if len(r.With) > 0 {
		fmt.Fprintf(a.stderr, "with all that was in it: %s\n", counted(r.With))
	}
	a.warn(r.Warnings...)
}

// counted is how many objects of each kind there are, such as "3 deployments, 1 ingress".
func counted(refs []objects.Ref) string {
	var order, words []string
	count := map[string]int{}
	for _, r := range refs {
		if count[r.Resource]++; count[r.Resource] == 1 {
			order = append(order, r.Resource)
		}
	}
	for _, resource := range order {
		kind, err := objects.FindKind(resource)
		switch {
		case err != nil:
			words = append(words, fmt.Sprintf("%d %s", count[resource], resource))
		case count[resource] == 1:
			words = append(words, "1 "+kind.Singular())
		default:
			words = append(words, fmt.Sprintf("%d %s", count[resource], kind.Plural))
		}
	}
	return strings.Join(words, ", ")
}

func (a *app) reportAll(results []objects.Result) {
	for _, r := range results {
		a.report(done(r), r)
	}
}
