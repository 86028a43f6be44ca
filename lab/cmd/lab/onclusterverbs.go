package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/cluster"
)

// verbThere is one that a program of the cluster's has.
type verbThere struct {
	name, short string
	aliases     string
	tool        string
	files       bool // it takes -f
	changes     bool // it is over when the proxies have what it changed
}

// verbsThere are the lab's that kubectl and istioctl have, too.
func verbsThere() []verbThere {
	return append([]verbThere{
		{name: "create", short: "Create the objects in files; refuse those that exist", files: true, changes: true},
		{name: "apply", short: "Create or replace the objects in files", files: true, changes: true},
		{name: "replace", short: "Replace objects with those in files", files: true, changes: true},
		{name: "delete", short: "Delete objects by files or by names", files: true, changes: true},
		{name: "get", short: "List objects", files: true},
		{name: "describe", short: "Show objects with all that is known about them", files: true},
		{name: "edit", short: "Edit objects, and apply what was changed", files: true},
		{name: "patch", short: "Change fields of an object", files: true},
		{name: "label", short: "Set or remove labels", files: true},
		{name: "annotate", short: "Set or remove annotations", files: true},
		{name: "diff", short: "Show what apply would change", files: true},
		{name: "scale", short: "Set how many pods a Deployment has", files: true},
		{name: "set", short: "Set variables or images of a Deployment", files: true},
		{name: "rollout", short: "Wait for, restart or undo a rollout", files: true},
		{name: "wait", short: "Wait until objects are as they should be", files: true},
		{name: "logs", short: "Show what pods have printed"},
		{name: "exec", short: "Run a command inside a pod, and end with its status"},
		{name: "events", short: "List what has happened to objects"},
		{name: "explain", short: "Say what the fields of a kind mean"},
		{name: "api-resources", short: "List the kinds of objects"},
		{name: "port-forward", short: "Open a port of a pod or a Service on this machine"},
	}, ofMesh()...)
}

// ofMesh are istioctl's.
func ofMesh() []verbThere {
	return []verbThere{
		{name: "proxy-config", aliases: "pc", tool: cluster.Istioctl, short: "Show the proxy's own configuration for a pod"},
		{name: "proxy-status", aliases: "ps", tool: cluster.Istioctl, short: "List the proxies that have taken istiod's configuration"},
		{name: "x", aliases: "experimental", tool: cluster.Istioctl, short: "Show which rules act on a pod or a Service: x describe"},
		{name: "kube-inject", tool: cluster.Istioctl, short: "Show pods of files with a sidecar", files: true},
		{name: "validate", tool: cluster.Istioctl, short: "Check that files would be accepted", files: true},
	}
}

// addThere gives the root the verbs of a cluster: those of its own programs, and those that need no lab.
func (a *app) addThere(root *cobra.Command) {
	a.name = defaultLab
	a.declareThere(root)
	byTool := map[string][]*cobra.Command{}
	for _, v := range verbsThere() {
		if v.tool == "" {
			v.tool = cluster.Kubectl
		}
		byTool[v.tool] = append(byTool[v.tool], a.verbThere(v))
	}
	add(root, objectVerbs, byTool[cluster.Kubectl]...)
	add(root, lessonVerbs, a.verify())
	add(root, insightVerbs, a.load(), a.token(), a.cert(), a.routes(), a.statsThere(), a.proxyLogsThere())
	add(root, insightVerbs, byTool[cluster.Istioctl]...)
	add(root, fileVerbs, a.analyzeThere(), a.convert())
	add(root, labVerbs, a.version())
	for words, text := range absentThere() {
		root.AddCommand(wordOnly(words, words+": "+text))
	}
}

// absentThere is what to do in place of verbs that only the lab has, by the verbs.
func absentThere() map[string]string {
	const page = "; docs/on-your-cluster.md has the commands"
	return map[string]string{
		"up":      "a cluster runs already, or another program makes one" + page,
		"down":    "a cluster is not the lab's to end" + page,
		"reset":   "a cluster has no first state: delete -f FILE takes away what apply -f FILE made",
		"status":  "a cluster has none of the lab's: get pods, and proxy-status",
		"lesson":  "a walk needs the lab; the pages of docs/ can be typed, with LAB_ON=cluster set",
		"why":     "a cluster keeps no record of requests: proxy-logs shows what the sidecars logged of them",
		"top":     "a cluster keeps no record of requests: stats POD has a sidecar's counters",
		"graph":   "a cluster keeps no record of requests: Kiali draws what Prometheus collects",
		"metrics": "a cluster has Prometheus for that: stats POD has a sidecar's counters",
	}
}

// verbThere hands all words to the program that has the verb.
func (a *app) verbThere(v verbThere) *cobra.Command {
	typed := v.tool + " " + v.name
	cmd := a.wholeLine(&cobra.Command{
		Use:     v.name + " ...",
		Aliases: strings.Fields(v.aliases),
		Short:   v.short,
		Long:    v.short + ", by " + typed + " on the cluster: " + typed + " -h has all that may stand behind it.",
	}, func(ctx context.Context, words []string) error { return a.doThere(ctx, v, words) })
	cmd.ValidArgsFunction = func(cmd *cobra.Command, words []string, word string) ([]string, cobra.ShellCompDirective) {
		return a.completeThere(cmd.Context(), v, words, word)
	}
	if v.changes {
		cmd.Long += "\n\nIt returns when every proxy of the namespace has what it changed, so the next request sees it."
	}
	return cmd
}

// wholeLine is a command that reads its words itself: most are another program's.
func (a *app) wholeLine(cmd *cobra.Command, do func(context.Context, []string) error) *cobra.Command {
	cmd.DisableFlagParsing = true
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		words = a.own(words)
		if a.there.help {
			return cmd.Help()
		}
		return do(cmd.Context(), words)
	}
	return cmd
}

func (a *app) doThere(ctx context.Context, v verbThere, words []string) error {
	line := cluster.Line{Tool: v.tool, Args: append([]string{v.name}, words...)}
	streams := cluster.Streams{}
	var elsewhere map[string]string
	if err := classicWord(v, words); err != nil {
		return err
	}
	if files, rest := filesIn(words); v.files && files.given() {
		m, err := a.move(ctx, files)
		if err != nil {
			return err
		}
		elsewhere, line.Anywhere = m.elsewhere, len(m.elsewhere) > 0
		if m.text != nil {
			line.Args, line.Note = append(append([]string{v.name}, rest...), "-f", "-"), m.note
			streams.In = m.text
		}
	}
	if v.changes && !a.there.noWait && !isDryRun(words) {
		return a.changeThere(ctx, line, streams, elsewhere)
	}
	if hasTerminal(v, words) {
		var stop func()
		ctx, stop = withTerminal(ctx)
		defer stop()
		line.Terminal = true
	}
	return a.runThere(ctx, line, streams)
}

// hasTerminal reports whether Ctrl-C is for what runs inside of the program: an editor, or a shell of a pod.
func hasTerminal(v verbThere, words []string) bool {
	flags, _, _ := strings.Cut(strings.Join(words, " ")+" ", " -- ")
	typed := regexp.MustCompile(`(^| )(-i?ti?|--tty) `).MatchString(flags + " ")
	return v.name == "edit" || v.name == "exec" && typed
}

func isDryRun(words []string) bool {
	for i, w := range words {
		value, given := strings.CutPrefix(w, "--dry-run=")
		if given && value != "none" || w == "--dry-run" && (i+1 == len(words) || words[i+1] != "none") {
			return true
		}
	}
	return false
}

// changeThere runs a line that changes something, and sees it through to the proxies.
func (a *app) changeThere(
	ctx context.Context, line cluster.Line, streams cluster.Streams, elsewhere map[string]string,
) error {
	watch, err := a.tools().Watch(ctx, slices.Collect(maps.Values(elsewhere))...)
	switch {
	case errors.Is(err, cluster.ErrMissing), err != nil && a.tools().Reach(ctx) != nil:
		return err // nothing can be changed at all
	case err != nil:
		return fmt.Errorf("%w; --no-wait does not look at the proxies", err)
	}
	defer watch.Close()
	var printed strings.Builder
	streams.Out = io.MultiWriter(a.stdout, &printed)
	failure := a.runThere(ctx, line, streams)
	changes := cluster.Changes(printed.String())
	for i, c := range changes {
		changes[i].Namespace = elsewhere[c.Resource+"/"+c.Name]
	}
	if err := watch.Settled(ctx, changes); err != nil {
		a.complain(problems(err)...)
		return exitStatus(failed)
	}
	return failure
}

// completeThere asks the program that has the verb what may come next.
func (a *app) completeThere(
	ctx context.Context, v verbThere, words []string, word string,
) ([]string, cobra.ShellCompDirective) {
	args := append([]string{"__complete", v.name}, a.own(words)...)
	tools := a.tools()
	where := []string{"-n", tools.Namespace}
	if tools.Context != "" {
		where = append(where, "--context", tools.Context)
	}
	tools.Namespace, tools.Context, tools.Echo = "", "", nil // they stand behind the word of completion
	args = append(append(args, where...), word)
	out, err := tools.Output(ctx, "", cluster.Line{Tool: v.tool, Args: args})
	lines := strings.Split(strings.TrimSpace(out), "\n")
	last := len(lines) - 1
	directive, wrong := strconv.Atoi(strings.TrimPrefix(lines[last], ":"))
	if err != nil || wrong != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return lines[:last], cobra.ShellCompDirective(directive)
}
