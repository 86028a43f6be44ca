package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/cluster"
)

// The places that verbs act on.
const (
	onLab     = "lab"
	onCluster = "cluster"
)

// place is where the verbs act: at --on, wherever it stands before --, else at $LAB_ON.
func (a *app) place() string {
	const flag = "--on"
	for i, arg := range a.args {
		name, value, given := strings.Cut(arg, "=")
		switch {
		case arg == "--":
			return cmp.Or(a.getenv("LAB_ON"), onLab)
		case name == flag && given:
			return value
		case name == flag && i+1 < len(a.args):
			return a.args[i+1]
		}
	}
	return cmp.Or(a.getenv("LAB_ON"), onLab)
}

// checkPlace refuses another place, but while a shell completes the line.
func (a *app) checkPlace(cmd *cobra.Command) error {
	completing := strings.HasPrefix(cmd.Name(), cobra.ShellCompRequestCmd)
	switch at := a.place(); {
	case at == onLab || at == onCluster || completing:
		return nil
	case at == a.getenv("LAB_ON"):
		return misusef("LAB_ON=%s: want lab or cluster", at)
	default:
		return misusef("--on=%s: want lab or cluster", at)
	}
}

// onCluster reports whether the verbs act on a cluster.
func (a *app) onCluster() bool { return a.place() == onCluster }

// there says which cluster, and what is wanted of each verb there.
type there struct {
	context, kubeconfig string
	echo, noWait, help  bool
}

// declareThere is for all verbs of a cluster.
func (a *app) declareThere(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVarP(&a.namespace, "namespace", "n", a.clusterNamespace(),
		"namespace of the named objects, which those of files are moved to ($LAB_NAMESPACE)")
	flags.StringVar(&a.there.context, "context", "", "the cluster, by its name in the kubeconfig")
	flags.StringVar(&a.there.kubeconfig, "kubeconfig", "", "the file that names clusters ($KUBECONFIG)")
	flags.BoolVarP(&a.there.echo, "verbose", "v", false, "print each command before it runs ($LAB_ECHO=1)")
}

func (a *app) clusterNamespace() string { return cmp.Or(a.getenv("LAB_NAMESPACE"), tutorialNamespace) }

// tools are kubectl and istioctl for the cluster that the flags name.
func (a *app) tools() cluster.Tools {
	t := cluster.Tools{Context: a.there.context, Namespace: a.namespace, Environ: a.environ()}
	if a.there.kubeconfig != "" {
		t.Environ = append(slices.Clone(t.Environ), "KUBECONFIG="+a.there.kubeconfig)
	}
	if echo := a.getenv("LAB_ECHO"); a.there.echo || echo != "" && echo != "0" {
		t.Echo = a.stderr
	}
	return t
}

// run hands a line to its program, with the streams of this one, and ends with its status.
func (a *app) runThere(ctx context.Context, l cluster.Line, s cluster.Streams) error {
	s.In = cmp.Or(s.In, a.stdin)
	s.Out = cmp.Or(s.Out, a.process.stdout)
	s.Err = cmp.Or(s.Err, a.stderr)
	err := a.tools().Run(ctx, l, s)
	if exit, ok := errors.AsType[*cluster.ExitError](err); ok && ctx.Err() == nil {
		return exitStatus(exit.Status)
	}
	return err
}

// own takes the flags that are not kubectl's or istioctl's out of a verb's words, and those that say where.
func (a *app) own(words []string) (rest []string) {
	values := map[string]*string{
		"--on": new(string), "--context": &a.there.context, "--kubeconfig": &a.there.kubeconfig,
		"--namespace": &a.namespace, "-n": &a.namespace,
	}
	switches := map[string]*bool{
		"-v": &a.there.echo, "--verbose": &a.there.echo, "--no-wait": &a.there.noWait,
		"-h": &a.there.help, "--help": &a.there.help,
	}
	for i := 0; i < len(words); i++ {
		name, value, given := strings.Cut(words[i], "=")
		next := i+1 < len(words)
		switch {
		case words[i] == "--":
			return append(rest, words[i:]...)
		case words[i] == "-v" && next && strings.Trim(words[i+1], "0123456789") == "": // kubectl's
			rest, i = append(rest, words[i], words[i+1]), i+1
		case switches[words[i]] != nil:
			*switches[words[i]] = true
		case values[name] != nil && given:
			*values[name] = value
		case values[name] != nil && next:
			*values[name], i = words[i+1], i+1
		case strings.HasPrefix(words[i], "-n") && len(words[i]) > 2 && words[i][1] != '-':
			a.namespace = words[i][2:]
		default:
			rest = append(rest, words[i])
		}
	}
	return rest
}
