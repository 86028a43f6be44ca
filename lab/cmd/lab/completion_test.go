package main

import (
	"strings"
	"testing"

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
		"convert --to ":                "gateway-api\n",
		"get pods -o ":                 "custom-columns=\n",
		"status -o ":                   "json\n",
		"why -o ":                      "json\n",
		"top --sort ":                  "errors\n",
		"graph --window ":              "change\n",
		"routes -o ":                   "table\n",
		"analyze --failure-threshold ": "Warning\n",
		"wait --for ":                  "condition=Available\n",
		"patch --type ":                "merge\n",
		"explain vir":                  "virtualservices\n",
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
