package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson/screen"
	"istio-tutorial/lab/objects"
)

// app is one run of the program: what surrounds it, and the flags that all verbs take.
type app struct {
	process
	stdout    io.Writer // process.stdout, where it need not be a terminal
	printed   *printed  // what stdout was told
	name      string    // of the lab
	namespace string
	explicit  bool // -n was given
	started   bool // the arguments were right, and the verb has begun
	there     there
}

const (
	defaultLab        = "tutorial"
	tutorialNamespace = "istio-tutorial"
)

// helpColumns are those of help that no terminal shows: a pager may.
const helpColumns = 80

const about = `The Istio tutorial's mesh on this machine: customer, preference and
recommendation as processes, and a real Envoy as every sidecar and as the
ingress. It reads deploy/ and istiofiles/.

Type bin/lab where the tutorial says kubectl or istioctl. With --on cluster, or
LAB_ON=cluster, it runs those on the cluster that KUBECONFIG or --context names.`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "lab",
		// as it is typed
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "bin/lab"},
		Short:       "Run the Istio tutorial's mesh on this machine",
		Long:        about,
		Example: `  bin/lab up
  bin/lab get pods
  bin/lab create -f istiofiles/route-rule-recommendation-v2.yml`,
		SilenceErrors: true, // status prints them
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkPlace(cmd); err != nil {
				return err
			}
			a.started = true
			a.explicit = cmd.Flags().Changed("namespace")
			return nil
		},
	}
	root.SetFlagErrorFunc(a.flagError)
	root.SetArgs(a.args)
	root.SetIn(a.stdin)
	root.SetOut(a.fitted())
	root.SetErr(a.stderr)
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		cmd.SetOut(fit(a.stdout, cmp.Or(screen.Columns(a.process.stdout), helpColumns)))
		help(cmd, args)
	})
	root.AddGroup(
		&cobra.Group{ID: labVerbs, Title: "The lab:"},
		&cobra.Group{ID: lessonVerbs, Title: "The lessons:"},
		&cobra.Group{ID: objectVerbs, Title: "Pods, services and rules, as with kubectl and istioctl:"},
		&cobra.Group{ID: insightVerbs, Title: "What happens to requests:"},
		&cobra.Group{ID: fileVerbs, Title: "Rule files, without a lab:"},
	)
	root.PersistentFlags().String("on", cmp.Or(a.getenv("LAB_ON"), onLab), "where the verbs act: lab or cluster ($LAB_ON)")
	complete(root, "on", onLab, onCluster)
	if a.onCluster() {
		a.addThere(root)
	} else {
		a.addVerbs(root)
	}
	group(root)
	root.Args = func(_ *cobra.Command, args []string) error { return unknownVerb(root, args) }
	if !a.onCluster() {
		a.addAdvice(root)
	}
	a.completeWords(root)
	return root
}

// addVerbs gives the root the verbs of the lab.
func (a *app) addVerbs(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVarP(&a.namespace, "namespace", "n", tutorialNamespace, "namespace of the named objects")
	name := cmp.Or(a.getenv("LAB_NAME"), defaultLab)
	flags.StringVar(&a.name, "name", name, "name of the lab ($LAB_NAME)")
	add(root, labVerbs, a.up(), a.down(), a.reset(), a.statusVerb(), a.version())
	add(root, objectVerbs, a.create(), a.apply(), a.replace(), a.delete(), a.get(), a.describe(),
		a.edit(), a.patch(), a.label(), a.annotate(), a.diff(), a.scale(), a.set(), a.rollout(), a.wait(),
		a.logs(), a.exec(), a.events(), a.explain(), a.apiResources(), a.kubeInject())
	add(root, lessonVerbs, a.lesson(), a.verify())
	add(root, insightVerbs, a.load(), a.token(), a.cert(), a.why(), a.top(), a.graph(), a.routes(), a.proxyConfig(), a.proxyStatus(), a.experimental(),
		a.stats(), a.proxyLogs(), a.metrics())
	add(root, fileVerbs, a.analyze(), a.convert(), a.validate())
}

const (
	labVerbs     = "lab"
	lessonVerbs  = "lessons"
	objectVerbs  = "objects"
	insightVerbs = "insight"
	fileVerbs    = "files"
)

func add(root *cobra.Command, group string, verbs ...*cobra.Command) {
	for _, verb := range verbs {
		verb.GroupID = group
		root.AddCommand(verb)
	}
}

func (a *app) client() (*control.Client, error) {
	folder, err := control.FolderOf(a.name, a.getenv)
	if err != nil {
		return nil, misuse{err}
	}
	return control.NewClient(folder), nil
}

// askStatus is what the running lab says of itself.
func (a *app) askStatus(ctx context.Context) (control.Status, error) {
	client, err := a.client()
	if err != nil {
		return control.Status{}, err
	}
	return client.Status(ctx)
}

// asking runs a verb with the client of the running lab.
func (a *app) asking(
	do func(cmd *cobra.Command, client *control.Client, args []string) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		client, err := a.client()
		if err != nil {
			return err
		}
		return do(cmd, client, args)
	}
}

// home is the folder that has deploy/ and out/.
func (a *app) home() (string, error) {
	if dir := a.getenv("LAB_HOME"); dir != "" {
		return dir, nil
	}
	file, err := a.executable()
	if err != nil {
		return "", err
	}
	return filepath.Dir(filepath.Dir(file)), nil
}

// group is a command that only has others.
func group(parent *cobra.Command, children ...*cobra.Command) *cobra.Command {
	parent.AddCommand(children...)
	parent.RunE = func(cmd *cobra.Command, args []string) error {
		if err := unknownVerb(cmd, args); err != nil {
			return err
		}
		return cmd.Help()
	}
	return parent
}

// unknownVerb refuses the first of some words, which is none of a command's verbs.
func unknownVerb(cmd *cobra.Command, words []string) error {
	if len(words) == 0 {
		return nil
	}
	var verbs []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			verbs = append(verbs, c.Name())
		}
	}
	return misusef("unknown command %q for %q%s", words[0], cmd.CommandPath(), objects.Hint(words[0], verbs))
}

// flagError names a verb that is not there rather than its flags.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	after := 0 // cmd's own name
	if cmd.HasParent() {
		after = 1 + slices.Index(a.args, cmd.CalledAs())
	}
	if advice := flagAdvice(err); advice != "" {
		return fmt.Errorf("%w: %s", err, advice)
	}
	if !cmd.HasSubCommands() || cmd.Args != nil && cmd.HasParent() || after >= len(a.args) {
		return err
	}
	if word := a.args[after]; !strings.HasPrefix(word, "-") {
		return unknownVerb(cmd, []string{word})
	}
	return err
}
