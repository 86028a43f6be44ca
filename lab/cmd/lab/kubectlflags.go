package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

// The flags of kubectl and istioctl that ask for what the lab does anyway, or for what has no meaning on one
// machine: they are taken, and change nothing.
func habitsOfChange() []string {
	return []string{"server-side", "force-conflicts", "save-config", "record", "force", "overwrite", "validate", "field-manager", "grace-period", "cascade", "timeout"}
}

func habitsOfDelete() []string {
	return []string{"force", "now", "grace-period", "cascade", "timeout"}
}

// take has a verb take flags that change nothing. Those with a value have it behind = or as the next word, as
// kubectl has it; the others may stand alone.
func take(cmd *cobra.Command, names []string) {
	flags := cmd.Flags()
	for _, name := range names {
		if flags.Lookup(name) != nil {
			continue
		}
		flags.String(name, "", "")
		switch name {
		case "grace-period", "timeout", "field-manager": // a value follows
		default:
			flags.Lookup(name).NoOptDefVal = "true"
		}
		flags.Lookup(name).Hidden = true
	}
}

// flagAdvice says what to do in place of a flag that would do something, and that no verb here has.
func flagAdvice(err error) string {
	const unknown = "unknown flag: "
	_, flag, ok := strings.Cut(err.Error(), unknown)
	if !ok {
		return ""
	}
	return map[string]string{
		"--prune":      "what is no longer in the files goes by name: bin/lab delete KIND NAME; bin/lab reset puts all back",
		"--context":    "the lab has no kubeconfig: --name says which lab is meant, --on cluster acts on a cluster",
		"--kubeconfig": "the lab has no kubeconfig: --name says which lab is meant, --on cluster acts on a cluster",
		"--as":         "the lab has no users: all of it is yours",
		"--revision":   "the lab has one revision, default",
		"--dry-run":    "create, apply and replace have it; bin/lab diff -f FILE shows what would change",
	}[flag]
}

// otherGroup says where the objects are that a word, such as gateways, does not mean, as two kinds have it:
// it means that of the Gateway API, as with kubectl, and here are none.
func (a *app) otherGroup(ctx context.Context, client *control.Client, s objects.Selection) {
	if len(s.Args) != 1 || strings.ContainsAny(s.Args[0], "/,.") {
		return
	}
	meant, err := objects.FindKind(s.Args[0])
	if err != nil {
		return
	}
	for _, k := range objects.Kinds() {
		if k.Plural != meant.Plural || k.Group == meant.Group {
			continue
		}
		word := s.Args[0]
		s.Args = []string{k.Plural + "." + k.Group}
		if tables, err := client.Get(ctx, s); err == nil && len(rowsOf(tables)) > 0 {
			a.advise(word+" means "+meant.String()+"; for the others, type:", a.line("get "+s.Args[0]))
		}
	}
}
