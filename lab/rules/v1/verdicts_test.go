package v1_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"istio-tutorial/lab/rules/gatewayapi"
)

// TestVerdictsAgreeWithIstio holds what is taken and refused, field by field, to what a cluster said.
func TestVerdictsAgreeWithIstio(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/istio-verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		want, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		kind, spec, _ := strings.Cut(rest, " ")
		count[want]++
		got := verdict(kind, spec)
		refused := got != "takes" && (want == "refuses" || want == "envoy") // why, the lab says in its own words
		if got != want && !refused {
			t.Errorf("the lab %s, Istio %s: %s %s", got, want, kind, spec)
		}
	}
	if count["takes"] < 500 || count["refuses"] < 500 {
		t.Errorf("too few cases: %v", count)
	}
}

// verdict is the lab's, with the experimental definitions of the Gateway API.
func verdict(kind, spec string) string {
	api := "networking.istio.io/v1"
	if strings.HasSuffix(kind, "Route") {
		api = gatewayapi.Group + "/v1"
	}
	text := fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: a}\nspec: %s\n", api, kind, spec)
	_, err := parse(text, namespace)
	switch {
	case err == nil:
		return "takes"
	case strings.Contains(err.Error(), "not supported by the lab"):
		return "unsupported"
	}
	return "refuses"
}
