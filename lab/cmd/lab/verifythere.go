package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/oncluster"
)

// verifyThere are the flags that verify has on a cluster.
type verifyThere struct {
	reuse, keep, allMutants, internet bool
}

// verifyNamespace is what verify makes on a cluster, unless it is told otherwise.
const verifyNamespace = "istio-tutorial-verify"

// someMutants is how many changes of an edition are proven on a cluster, where each takes a while.
const someMutants = 8

// declareThere gives the verb what it says and takes on a cluster.
func (v *verify) declareThere(cmd *cobra.Command) {
	cmd.Short = "Run the lessons as tests, in a namespace of their own"
	cmd.Long = `Run lessons as tests, by number or name, by default all: every command and every check of a page that a
cluster can do. It makes a namespace with the chain and a gateway, named istio-tutorial-verify unless -n or
$LAB_NAMESPACE names another, and deletes it in the end. It refuses a namespace that is there already. The
exit status is 1 if something on a page is not true.`
	cmd.Example = `  bin/lab --on cluster verify
  bin/lab --on cluster verify 4 14 -v
  bin/lab --on cluster verify --edition all -o markdown`
	flags := cmd.Flags()
	flags.BoolVar(&v.there.reuse, "reuse", false, "take the namespace that an earlier run has left")
	flags.BoolVar(&v.there.keep, "keep", false, "leave the namespace in the cluster")
	flags.BoolVar(&v.there.internet, "internet", false, "call the real hosts outside, rather than a pod that stands in for them")
	flags.BoolVar(&v.there.allMutants, "all-mutants", false,
		fmt.Sprintf("with --prove, try all changes rather than %d of each edition", someMutants))
	_ = flags.MarkHidden("jobs") // pages run one after the other; it is there for what reads it
}

// sample is how many mutants are run; 0 is all.
func (v *verify) sample() int {
	if v.onCluster() && !v.there.allMutants {
		return someMutants
	}
	return 0
}

// clusterGround is the cluster that the flags name, after a look at what it runs.
func (v *verify) clusterGround(cmd *cobra.Command, folder string, pages []book.Page) (lesson.Ground, string, func() error, error) {
	if !cmd.Flags().Changed("namespace") {
		v.namespace = cmp.Or(v.getenv("LAB_NAMESPACE"), verifyNamespace)
	}
	v.jobs = 1
	tools := v.tools()
	g := &oncluster.Ground{
		Tools: tools, Folder: folder, Environ: tools.Environ, Reuse: v.there.reuse, Keep: v.there.keep,
		Outside:  !v.there.internet && slices.ContainsFunc(pages, oncluster.CallsOut),
		Internet: v.there.internet && slices.ContainsFunc(pages, oncluster.CallsOut),
		Say:      func(line string) { fmt.Fprintln(v.stderr, "lab: "+line) },
	}
	versions, err := g.Versions(cmd.Context())
	if err != nil {
		return nil, "", nil, err
	}
	g.Say(versions.String())
	return g, versions.String(), g.Close, nil
}
