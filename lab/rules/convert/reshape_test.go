package convert_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/rules/convert"
)

const browsers = "  corsPolicy: {allowOrigin: ['http://a.test'], allowMethods: [POST], maxAge: 1d}\n"

// reshaped are rules of 2018, and what today's words for them contain; "!" begins a refusal.
func reshaped() map[string]struct{ v1, gateway string } {
	const exact = "  match: {request: {headers: {uri: {exact: /old}}}}\n"
	return map[string]struct{ v1, gateway string }{
		exact + "  rewrite: {uri: /new, authority: b.test}\n": {
			"rewrite: uri: /new authority: b.test", "type: ReplaceFullPath\n          replaceFullPath: /new",
		},
		"  rewrite: {uri: /new}\n":  {"rewrite:\n      uri: /new", "replacePrefixMatch: /new"},
		"  rewrite: {uri: /new/}\n": {"rewrite:\n      uri: /new/", "!replaces whole segments"},
		"  match: {request: {headers: {uri: {prefix: /old}}}}\n  rewrite: {uri: /new}\n": {
			"rewrite:\n      uri: /new", "!cannot match the path so",
		},
		exact + "  redirect: {uri: /new, authority: b.test}\n": {
			"redirect: uri: /new authority: b.test", "hostname: b.test",
		},
		"  redirect: {uri: /new}\n  mirror: {name: recommendation}\n": {
			"redirect:\n      uri: /new", "replaceFullPath: /new",
		},
		"  appendHeaders: {a: b}\n": {"add:\n          a: b", "add:\n        - name: a\n          value: b"},
		browsers: {
			"corsPolicy: allowOrigins: - exact: http://a.test allowMethods: - POST maxAge: 86400s",
			"allowOrigins:\n        - http://a.test",
		},
		"  corsPolicy: {allowOrigin: ['*']}\n": {"- regex: .*", `- '*'`},
		"  websocketUpgrade: true\n":           {"no field is needed", "no field is needed"},
	}
}

func TestReshaped(t *testing.T) {
	t.Parallel()
	for rest, want := range reshaped() {
		set := load(t, routeRule("r", rest))
		v1, err := convert.V1(set, topology())
		if err != nil || !strings.Contains(order(v1), order([]byte(want.v1))) {
			t.Errorf("%s: %v\n%s\nwant\n%s", rest, err, v1, want.v1)
		}
		text, err := convert.GatewayAPI(set, topology())
		if refusal, refused := strings.CutPrefix(want.gateway, "!"); refused {
			if err == nil || !strings.Contains(err.Error(), refusal) {
				t.Errorf("%s: %v, want %s\n%s", rest, err, refusal, text)
			}
		} else if err != nil || !strings.Contains(order(text), order([]byte(want.gateway))) {
			t.Errorf("%s: %v\n%s\nwant\n%s", rest, err, text, want.gateway)
		}
	}
}

// order is a text without its line breaks.
func order(text []byte) string { return strings.Join(strings.Fields(string(text)), " ") }
