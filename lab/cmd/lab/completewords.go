package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/objects"
)

// completeWords has a shell complete the words of flags that mean the same with all verbs, and the
// lessons.
func (a *app) completeWords(root *cobra.Command) {
	levels := []string{string(objects.Info), string(objects.Warning), string(objects.Fatal)}
	words := map[string][]string{
		"edition": book.Editions(), "lang": {english, chinese}, "tracing": {"zipkin", "jaeger"},
		"channel": {string(objects.Standard), string(objects.Experimental)}, "direction": {"inbound", "outbound"},
		"dry-run": {"none", "client"}, "failure-threshold": levels, "output-threshold": levels,
	}
	complete(child(root, "verify"), "edition", append(book.Editions(), "all")...)
	completeFlags(root, words)
	complete(child(root, "convert"), "to", string(objects.V1), string(objects.GatewayAPI))
	complete(child(root, "verify"), "output", markdown)
	complete(child(root, "status"), "output", "json")
	complete(child(root, "analyze"), "output", "log", "json")
	routes := child(root, "routes")
	complete(routes, "output", "table", "json")
	for flag, kind := range map[string]string{"from": "deployments", "to": "services"} {
		names := func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return a.names(cmd, kind, ""), cobra.ShellCompDirectiveNoFileComp
		}
		_ = routes.RegisterFlagCompletionFunc(flag, names) // the flag is there
	}
	why := child(root, "why")
	complete(why, "output", "json")
	workloads := func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.names(cmd, "deployments", ""), cobra.ShellCompDirectiveNoFileComp
	}
	for _, flag := range []string{"from", "not"} {
		_ = why.RegisterFlagCompletionFunc(flag, workloads) // the flag is there
	}
	complete(why, "request", http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions)
	for _, verb := range []string{"lesson", "verify"} {
		child(root, verb).ValidArgsFunction = a.completeLessons
	}
	for _, verb := range []string{"analyze", "validate"} {
		child(root, verb).ValidArgsFunction = completeFiles
	}
	_ = child(root, "kube-inject").RegisterFlagCompletionFunc("filename", completeFiles)
	sayHowToComplete(root)
}

// completeFlags offers words for the flags of a command and of those below it.
func completeFlags(cmd *cobra.Command, words map[string][]string) {
	for _, c := range cmd.Commands() {
		completeFlags(c, words)
	}
	for flag, offered := range words {
		if cmd.LocalNonPersistentFlags().Lookup(flag) != nil {
			complete(cmd, flag, offered...)
		}
	}
}

// sayHowToComplete has the help of completion name the program as it is typed.
func sayHowToComplete(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion := child(root, "completion")
	completion.Short = "Print a shell's completion of verbs, kinds, names, lessons, files and flags"
	completion.Long = completion.Short + "; the help of each shell has the line that loads it."
	for shell, load := range map[string]string{
		"bash":       "source <(bin/lab completion bash)\n\nbash needs the package bash-completion.",
		"zsh":        "autoload -U compinit && compinit\n  source <(bin/lab completion zsh)",
		"fish":       "bin/lab completion fish | source",
		"powershell": "bin/lab completion powershell | Out-String | Invoke-Expression",
	} {
		c := child(completion, shell)
		c.Short = "Print the completion for " + shell
		c.Long = c.Short + ". This loads it, for bin/lab and for lab:\n\n  " + load
	}
}

// completeLessons offers their numbers, and their names to those who begin to type one.
func (a *app) completeLessons(
	cmd *cobra.Command, args []string, word string,
) ([]string, cobra.ShellCompDirective) {
	const noFiles = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	_, pages, err := a.lessons(englishPages, nil)
	if err != nil || len(args) > 0 && cmd.Name() == "lesson" {
		return nil, noFiles
	}
	var list []string
	for _, p := range pages {
		number := strconv.Itoa(p.Number)
		if slices.Contains(args, number) || slices.Contains(args, p.Name) {
			continue
		}
		if word == "" || word[0] >= '0' && word[0] <= '9' {
			list = append(list, fmt.Sprintf("%s\t%s", number, p.Heading()))
		} else {
			list = append(list, p.Name)
		}
	}
	return list, noFiles
}
