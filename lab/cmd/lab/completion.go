package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/objects"
)

// kinds are the words for kinds that a shell completes: one for each, those for several, and all.
func kinds() []string {
	var words, sets []string
	for _, k := range objects.Kinds() {
		word := k.Plural
		if slices.Contains(words, word) { // of kinds of one name, the first has it alone
			word = k.String()
		}
		words = append(words, word)
		if k.Set != "" && !slices.Contains(sets, k.Set) {
			sets = append(sets, k.Set)
		}
	}
	return append(append(words, sets...), "all")
}

// completeNames completes KIND, KIND/NAME and the names after a KIND.
func (a *app) completeNames(
	cmd *cobra.Command, args []string, word string,
) ([]string, cobra.ShellCompDirective) {
	kind, _, slash := strings.Cut(word, "/")
	switch {
	case slash:
		return a.names(cmd, kind, kind+"/"), cobra.ShellCompDirectiveNoFileComp
	case len(args) == 0:
		return kinds(), cobra.ShellCompDirectiveNoFileComp
	default:
		return a.names(cmd, args[0], ""), cobra.ShellCompDirectiveNoFileComp
	}
}

// completePods completes the names of pods.
func (a *app) completePods(
	cmd *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.names(cmd, "pods", ""), cobra.ShellCompDirectiveNoFileComp
}

// names are those of a kind in the running lab; without a lab there are none.
func (a *app) names(cmd *cobra.Command, kind, prefix string) []string {
	client, err := a.client()
	if err != nil {
		return nil
	}
	tables, err := client.Get(cmd.Context(), a.selection([]string{kind}, ""))
	if err != nil {
		return nil
	}
	var names []string
	for _, r := range rowsOf(tables) {
		names = append(names, prefix+r.Name)
	}
	return names
}

// extensions are those of files with objects.
func extensions() []string { return []string{".yml", ".yaml", ".json"} }

// completeFiles completes the paths of folders, and of files that can hold objects.
func completeFiles(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	const noSpace = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	found, err := filepath.Glob(strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`).Replace(word) + "*")
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var files []string
	folders := false
	for _, path := range found {
		info, err := os.Stat(path)
		switch {
		case err != nil || strings.HasPrefix(info.Name(), ".") && !strings.HasPrefix(filepath.Base(word), "."):
		case info.IsDir():
			files, folders = append(files, path+"/"), true
		case slices.Contains(extensions(), filepath.Ext(path)):
			files = append(files, path)
		}
	}
	if folders {
		return files, noSpace
	}
	return files, cobra.ShellCompDirectiveNoFileComp
}

// complete has a shell offer the words of a flag.
func complete(cmd *cobra.Command, flag string, words ...string) {
	offer := cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc(flag, offer) // the flag is there
}
