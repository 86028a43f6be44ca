package main

import (
	"strings"
	"testing"
)

// TestChannel holds that what most clusters refuse can be refused here too.
func TestChannel(t *testing.T) {
	t.Parallel()
	const file = "../../../istiofiles/gateway-api/route-rule-recommendation-v2_retry.yml"
	const blanks = `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {
		parentRefs: [{name: web}], rules: [{matches: [{headers: [{name: a, value: "a  b"}]}]}]}}`
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"apply --dry-run -f " + file, ok, ""},
		{"apply --dry-run --channel experimental -f " + file, ok, ""},
		{"apply --dry-run --channel standard -f " + file, failed, "retry: unknown field in the standard channel"},
		{"analyze --channel standard -f " + file, hasIssues, "retry: unknown field in the standard channel"},
		{"analyze -f -", hasIssues, "takes visible ASCII with single blanks alone"},
		{"analyze -f - -o json", hasIssues, `"code": "IST0106"`},
		{"analyze --channel some -f -", misused, "want standard or experimental"},
		{"apply --dry-run --channel some -f " + file, misused, "want standard or experimental"},
		{"apply --dry-run -f -", failed, "takes visible ASCII with single blanks alone"},
		{"apply --dry-run --channel standard -f -", ok, ""},
	} {
		lab := surroundings{stdin: strings.NewReader(blanks)}
		said := lab.run(t, strings.Fields(c.args)...)
		if said.status != c.status || !strings.Contains(said.stdout+said.stderr, c.want) {
			t.Errorf("%s: %+v, want %d, %q", c.args, said, c.status, c.want)
		}
	}
}
