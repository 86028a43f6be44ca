package cause_test

import (
	"os"
	"strings"
	"testing"

	"istio-tutorial/lab/traffic/cause"
)

// TestAtServer has a server's proxy end calls in each of its ways, and its program one.
func TestAtServer(t *testing.T) {
	t.Parallel()
	for _, w := range []struct {
		flags, details string
		want           cause.Cause
	}{
		{"", "via_upstream", ""},
		{"RL", "request_rate_limited", cause.RateLimited},
		{"", "jwt_authn_access_denied{Jwt_is_expired}", cause.BadToken},
		{"", "direct_response", cause.Denied},
		{"", "rbac_access_denied_matched_policy[ns/p-policy[0]-rule[0]]", cause.Denied},
		{"", "rbac_access_denied_matched_policy[none]", cause.NotAllowed},
		{"", "rbac_access_denied_matched_policy[" + cause.OwnAddressRule + "]", cause.OwnAddress},
		{"UF", "upstream_reset_before_response_started{connection_failure}", cause.Refused},
		{"UF,ZZ", "upstream_reset_before_response_started{x|TLS_error:|1:y:TLS_error_end}", cause.NotSecured},
		{"ZZ", "no_such_thing", cause.Unexplained},
	} {
		if got, ok := cause.AtServer(w.flags, w.details); got != w.want || ok != (w.want != "") {
			t.Errorf("%s %s: %q %v, want %q", w.flags, w.details, got, ok, w.want)
		}
	}
}

// TestCausesAreTold has a row for each cause in both pages.
func TestCausesAreTold(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"../../../docs/why.md", "../../../docs/zh/why.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cause.All() {
			if !strings.Contains(string(text), "`"+string(c)+"`") {
				t.Errorf("%s: no %q", page, c)
			}
		}
	}
}
