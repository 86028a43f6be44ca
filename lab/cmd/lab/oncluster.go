package main

import (
	"cmp"
	"context"
	"errors"
	"regexp"
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

// place is where the verbs act.
func (a *app) place() string {
	at, _ := a.placeFrom()
	return at
}

// placeFrom is --on, wherever it stands before --, else $LAB_ON; without a value that is the lab, as with other
// variables.
func (a *app) placeFrom() (at, from string) {
	const flag, variable = "--on", "LAB_ON"
	for i, arg := range a.args {
		name, value, given := strings.Cut(arg, "=")
		switch {
		case arg == "--":
			return cmp.Or(a.getenv(variable), onLab), variable
		case name == flag && given:
			return value, flag
		case name == flag && i+1 < len(a.args):
			return a.args[i+1], flag
		}
	}
	return cmp.Or(a.getenv(variable), onLab), variable
}

// checkPlace refuses another place, but while a shell completes the line.
func (a *app) checkPlace(cmd *cobra.Command) error {
	completing := strings.HasPrefix(cmd.Name(), cobra.ShellCompRequestCmd)
	switch at, from := a.placeFrom(); {
	case at == onLab || at == onCluster || completing:
		return nil
	default:
		return misusef("%s=%s: want lab or cluster", from, at)
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
	flags.BoolVar(&a.there.noWait, "no-wait", false, "have apply, create, replace and delete return when the API server has the change")
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
	if l.Tool == cluster.Istioctl && asks(l) {
		if err := a.tools().Reach(ctx); err != nil {
			return err
		}
	}
	quiet := cluster.NewQuiet(s.Err)
	if l.Tool == cluster.Kubectl && !l.Terminal {
		s.Err = quiet
	}
	err := errors.Join(a.tools().Run(ctx, l, s), quiet.Close())
	if exit, ok := errors.AsType[*cluster.ExitError](err); ok && ctx.Err() == nil {
		if quiet.Unreached {
			a.tell("no cluster answers there: KUBECONFIG or --context names another one; make cluster makes one here")
		}
		return exitStatus(exit.Status)
	}
	return err
}

// asks reports whether a line of istioctl has nothing to say without the cluster.
func asks(l cluster.Line) bool {
	return slices.Contains([]string{"proxy-config", "pc", "proxy-status", "ps", "x", "experimental"}, l.Args[0])
}

// joinedNamespace is -n together with its value.
var joinedNamespace = regexp.MustCompile(`^-n.`)

// ownFlags are where the values of the flags go that own takes.
func (a *app) ownFlags() (values map[string]*string, switches map[string]*bool) {
	return map[string]*string{
			"--on": new(string), "--context": &a.there.context, "--kubeconfig": &a.there.kubeconfig,
			"--namespace": &a.namespace, "-n": &a.namespace,
		}, map[string]*bool{
			"-v": &a.there.echo, "--verbose": &a.there.echo, "--no-wait": &a.there.noWait,
			"-h": &a.there.help, "--help": &a.there.help,
		}
}

// valueAt is the value of the flag at a place, and where it ends.
func valueAt(words []string, i int) (value string, end int) {
	if _, value, given := strings.Cut(words[i], "="); given {
		return value, i
	}
	return words[i+1], i + 1
}

// own takes the flags that are not kubectl's or istioctl's out of a verb's words, and those that say where.
func (a *app) own(words []string) (rest []string) {
	values, switches := a.ownFlags()
	isNumber := func(i int) bool { return i < len(words) && strings.Trim(words[i], "0123456789") == "" }
	for i := 0; i < len(words); i++ {
		name, _, given := strings.Cut(words[i], "=")
		next := i+1 < len(words)
		switch {
		case words[i] == "--":
			return append(rest, words[i:]...)
		case words[i] == "-v" && isNumber(i+1): // kubectl's
			rest, i = append(rest, words[i], words[i+1]), i+1
		case switches[words[i]] != nil:
			*switches[words[i]] = true
		case values[name] != nil && (given || next):
			*values[name], i = valueAt(words, i)
		case joinedNamespace.MatchString(words[i]):
			a.namespace = words[i][2:]
		default:
			rest = append(rest, words[i])
		}
	}
	return rest
}
