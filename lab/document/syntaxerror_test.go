package document_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/document"
)

// TestStarred says what to do about a host such as *.foo.com without quotes.
func TestStarred(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: config.istio.io/v1alpha2\nkind: EgressRule\nmetadata:\n  name: r\nspec:\n"
	for _, c := range []struct{ text, want string }{
		{"  destination:\n    service: *.foo.com\n  ports: []\n", `r.yml:7: *.foo.com begins with *, which YAML takes for a reference: quote it, as in "*.foo.com"`},
		{"  hosts:\n  - *.foo.com\n", `r.yml:7: *.foo.com begins with *`},
		{"  hosts: [*.foo.com]\n", `r.yml:6: *.foo.com begins with *`},
		{"  hosts: [a, *]\n", `r.yml:6: * begins with *`},
		{"  host: *\n", `r.yml:6: * begins with *`},
		{"  host: *foo\n", `r.yml:6: *foo begins with *`},
		{"\thost: a\n", "r.yml:6: found a tab character"},
		{"  host: a\n\tport: 1\n", "r.yml:7: found a tab character"},
		{"  host: \"*.foo.com\n", "unexpected end of stream"},
	} {
		_, err := document.Parse("r.yml", strings.NewReader(head+c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}
