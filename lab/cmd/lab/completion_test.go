package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/objects"
)

// TestCompletedKinds holds that every completed word means something, and that each kind has one
// that means it alone.
func TestCompletedKinds(t *testing.T) {
	t.Parallel()
	alone := map[string]string{}
	for _, word := range kinds() {
		picks, err := objects.Selection{Args: []string{word}}.Picks()
		if err != nil {
			t.Error(err)
		}
		if len(picks) == 1 {
			alone[picks[0].Kind.String()] = word
		}
	}
	for _, k := range objects.Kinds() {
		if alone[k.String()] == "" {
			t.Errorf("no word for %s", k)
		}
	}
	if len(alone) != len(objects.Kinds()) {
		t.Errorf("words for %d of %d kinds: %v", len(alone), len(objects.Kinds()), alone)
	}
}

// Shells are offered the words that a verb takes.
func TestCompletedWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"lesson ":                      "3\t",
		"lesson err":                   "errors\n",
		"verify 3 ":                    "4\t",
		"lesson --edition ":            "gateway-api\n",
		"lesson --lang ":               "zh\n",
		"verify --edition ":            "all\n",
		"up --edition ":                "v1\n",
		"up --tracing ":                "jaeger\n",
		"up --console ":                "off\n",
		"convert --to ":                "gateway-api\n",
		"get pods -o ":                 "custom-columns=\n",
		"status -o ":                   "json\n",
		"why -o ":                      "json\n",
		"top --sort ":                  "errors\n",
		"graph --window ":              "change\n",
		"routes -o ":                   "table\n",
		"analyze --failure-threshold ": "Warning\n",
		"wait --for ":                  "condition=Available\n",
		"analyze --channel ":           "standard\n",
		"analyze ../../../istiof":      "../../../istiofiles/\n",
		"validate ../../../istiof":     "../../../istiofiles/\n",
		"kube-inject -f ../../../deploy/customer/D": "../../../deploy/customer/Deployment.yml\n",
		"patch --type ": "merge\n",
		"explain vir":   "virtualservices\n",
		"create -f ../../../istiofiles/route-rule-s": "../../../istiofiles/route-rule-safari-recommendation-v2.yml\n",
		"create -f ../../../istiof":                  "../../../istiofiles/\n",
	} {
		got := surroundings{}.run(t, append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if got.status != ok || !strings.Contains("\n"+got.stdout, "\n"+want) {
			t.Errorf("%q: no %q in %+v", line, want, got)
		}
	}
	if got := (surroundings{}).run(t, "__complete", "att"); strings.Contains(got.stdout, "attach") {
		t.Errorf("words of advice are offered: %+v", got)
	}
}

// free are the flags whose values nobody can list: names, numbers, times, texts and places of outputs.
func free() []string {
	return []string{
		"name", "namespace", "listen", "listen-tls", "out", "cert", "from-file", "jobs", "junit", "runs", "selector", "api-group", "api-version", "container",
		"field-selector", "label-columns", "last", "sort-by", "template", "since", "tail", "patch", "patch-file",
		"image", "status", "fqdn", "port", "subset", "address", "cluster", "revision", "to-revision",
		"current-replicas", "replicas", "timeout", "concurrent", "delay", "header", "reps", "time", "user-agent",
	}
}

// visited lists flags, whose type's library cobra brings: naming it would make it one of the lab's own.
func visited[Flag any](visit func(func(*Flag))) []*Flag {
	var list []*Flag
	visit(func(f *Flag) { list = append(list, f) })
	return list
}

// TestFlagsComplete holds that a shell is never left to offer files for a flag whose words are known.
func TestFlagsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			walk(c)
		}
		path := strings.Fields(cmd.CommandPath())[1:]
		if cmd.Hidden || len(path) == 0 || path[0] == "completion" || path[0] == "help" {
			return
		}
		for _, f := range visited(cmd.LocalFlags().VisitAll) {
			if f.Value.Type() == "bool" || f.Hidden || f.Name == "help" || slices.Contains(free(), f.Name) ||
				path[0] == "events" && f.Name == "for" || path[0] == "create" && f.Name == "key" {
				continue
			}
			seen[f.Name] = true
			got := surroundings{}.run(t, slices.Concat([]string{"__complete"}, path, []string{"--" + f.Name + "="})...)
			if got.status != ok || strings.HasSuffix(strings.TrimSpace(got.stdout), ":0") {
				t.Errorf("%v --%s: %+v", path, f.Name, got)
			}
		}
	}
	walk((&app{process: process{getenv: func(string) string { return "" }}}).root())
	for _, flag := range []string{"edition", "output", "from", "to", "lang", "filename"} {
		if !seen[flag] {
			t.Errorf("no verb has --%s", flag)
		}
	}
}

// TestCompletionSaysHow holds that each shell's help has the program as it is typed.
func TestCompletionSaysHow(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		got := surroundings{}.run(t, "completion", shell, "-h")
		if !strings.Contains(got.stdout, "bin/lab completion "+shell) || strings.Contains(got.stdout, "(lab ") {
			t.Errorf("%s: %s", shell, got.stdout)
		}
	}
}
