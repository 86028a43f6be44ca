package objects_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/objects"
)

func TestHint(t *testing.T) {
	t.Parallel()
	verbs := strings.Fields("analyze annotate apply create delete describe down edit get up wait")
	for word, want := range map[string]string{
		"gett": "; did you mean get?", "craete": "; did you mean create?", "delet": "; did you mean delete?",
		"top": "", "dance": "", "lw": "", "": "", "UPP": "; did you mean up?",
	} {
		if got := objects.Hint(word, verbs); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := objects.Hint("x", []string{"b", "a", "b"}); got != "; there is a, b" {
		t.Errorf("few: %q", got)
	}
	if got := objects.Hint("x", nil); got != "" {
		t.Errorf("none: %q", got)
	}
}

// What was deleted a moment ago is not its neighbour misspelt.
func TestHintOfNames(t *testing.T) {
	t.Parallel()
	for word, names := range map[string][2]string{
		"recommendation-v2":                 {"recommendation-v1", ""},
		"recomendation-v1":                  {"recommendation-v1", "recommendation-v1"},
		"recommendation-v1-66f8b9c97-wvn4l": {"recommendation-v1-66f8b9c97-t2kzq", ""},
		"recomendation-v1-66f8b9c97-wvn4l":  {"recommendation-v1-66f8b9c97-wvn4l", "recommendation-v1-66f8b9c97-wvn4l"},
		"recommendation-503":                {"recommendation-504", ""},
		"customer-gatewya":                  {"customer-gateway", "customer-gateway"},
		"customergateway":                   {"customer-gateway", "customer-gateway"},
		"team-a":                            {"team-b", ""},
		"custmer":                           {"customer", "customer"},
	} {
		want := ""
		if names[1] != "" {
			want = "; did you mean " + names[1] + "?"
		}
		// more names than a message lists
		all := append(strings.Fields("q1 q2 q3 q4 q5 q6 q7 q8"), names[0])
		if got := objects.Hint(word, all); got != want {
			t.Errorf("%s beside %s: %q, want %q", word, names[0], got, want)
		}
	}
}

// A kind of a file is only taken for a slip where it is one: others the lab may not have.
func TestMisspeltKind(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"VirtualServise": "did you mean VirtualService?", "RoutRule": "did you mean RouteRule?",
		"Deploymnet": "did you mean Deployment?",
		"TCPRoute":   "not supported by the lab", "StatefulSet": "no manifest of kind StatefulSet",
	} {
		version := "v1"
		switch kind {
		case "TCPRoute":
			version = "gateway.networking.k8s.io/v1"
		case "StatefulSet":
			version = "apps/v1"
		}
		file := objects.File{Name: "x.yml", Data: []byte("apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: x}\n")}
		_, err := objects.Parse([]objects.File{file}, "default", false)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.yml:2: kind: ") {
			t.Errorf("%s: %v, want %s", kind, err, want)
		}
	}
}
