package convert_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/rules/convert"
)

// TestAccessOfSomeRequests says what a match asks of a request in the words of a policy.
func TestAccessOfSomeRequests(t *testing.T) {
	t.Parallel()
	top := topology()
	const to = `destination.labels["app"] == "preference" && `
	for match, want := range map[string]string{
		`request.path == "/a"`:       "  - to:\n    - operation:\n        paths:\n        - /a\n",
		`request.path != "/a"`:       "  - to:\n    - operation:\n        notPaths:\n        - /a\n",
		`match(request.path, "/a*")`: "  - to:\n    - operation:\n        paths:\n        - /a*\n",
		`request.method == "PUT" && request.host.endsWith("b")`: "  - to:\n    - operation:\n        hosts:\n        - '*b'\n" +
			"        methods:\n        - PUT\n",
		`request.headers["x"] == "b" || request.method == "PUT"`: "  - when:\n    - key: request.headers[x]\n      values:\n      - b\n" +
			"  - to:\n    - operation:\n        methods:\n        - PUT\n",
		`request.headers["x"] == ""`: "  - when:\n    - key: request.headers[x]\n      notValues:\n      - '*'\n",
		`request.headers["x"] != ""`: "  - when:\n    - key: request.headers[x]\n      values:\n      - '*'\n",
		`request.useragent != "b"`: "  - when:\n    - key: request.headers[user-agent]\n      values:\n      - '*'\n" +
			"    - key: request.headers[user-agent]\n      notValues:\n      - b\n",
		`"a".matches(request.path)`:                                   "asks for a regular expression, which today's policies do not know",
		`request.path == "/a?b"`:                                      "asks for the query of a path, which today's policies do not look at",
		`request.path == "/{a}"`:                                      "asks for { or } in a path, which is a pattern today",
		`request.method == "a*"`:                                      `asks for "a*", in which * is any text today`,
		`request.scheme == "http"`:                                    "asks for request.scheme, which today's policies do not look at",
		`request.path.startsWith("/a") && request.path.endsWith("b")`: "asks for two things of one part of a request",
	} {
		t.Run(match, func(t *testing.T) {
			t.Parallel()
			text, err := convert.V1(load(t, mixer("d", "denier", "'"+to+"("+match+")'")), top)
			got := string(text)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, want) || err == nil && !strings.Contains(got, "action: DENY\n") {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
	text, err := convert.V1(load(t, mixer("a", "denier", "'"+to+`request.path == "/a"'`)+
		mixer("b", "denier", "'"+to+`request.method == "PUT"'`)), top)
	if err != nil || strings.Count(string(text), "operation:") != 2 {
		t.Errorf("two rules: %v\n%s", err, text)
	}
}

// TestLimitOfSomeRequests has no words.
func TestLimitOfSomeRequests(t *testing.T) {
	t.Parallel()
	_, err := convert.V1(load(t,
		object("memquota", "h", namespace, "  quotas: [{name: i.quota.istio-tutorial, maxAmount: 5, validDuration: 1s}]\n")+
			object("quota", "i", namespace, "  {}\n")+
			object("QuotaSpec", "s", namespace, "  rules: [{quotas: [{quota: i, charge: 1}]}]\n")+
			object("QuotaSpecBinding", "s", namespace, "  quotaSpecs: [{name: s}]\n  services: [{name: recommendation}]\n")+
			object("rule", "m", namespace, "  match: request.path == \"/\"\n  actions: [{handler: h.memquota, instances: [i.quota]}]\n")), topology())
	if err == nil || !strings.Contains(err.Error(), "rule m: limits some requests by what they ask for") {
		t.Errorf("error %v", err)
	}
}
