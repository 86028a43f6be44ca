package v1_test

import (
	"fmt"
	"strings"
	"testing"

	v1 "istio-tutorial/lab/rules/v1"
)

// TestHiddenServices warns of Services to which the lab has no way once a Sidecar hides them.
func TestHiddenServices(t *testing.T) {
	t.Parallel()
	const hidden = "get 503 in the lab"
	for spec, want := range map[string]bool{
		"{egress: [{hosts: [istio-system/*]}]}":                                               true,
		"{egress: [{hosts: [\"*/*\"]}]}":                                                      false,
		"{egress: [{hosts: [istio-system/*]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}": false,
	} {
		found := fmt.Sprint(v1.Findings(load(t, "apiVersion: networking.istio.io/v1\nkind: Sidecar\n"+
			"metadata: {name: default, namespace: istio-tutorial}\nspec: "+spec+"\n"), topology()))
		if strings.Contains(found, hidden) != want {
			t.Errorf("%s: %s", spec, found)
		}
	}
}
