package classic_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
)

// spoken is a condition as a reader would write it; ? stands for a header that may be missing.
func spoken(c mesh.Condition) string {
	how := map[mesh.Comparison]string{
		mesh.Exact: "=", mesh.Prefix: "^", mesh.Suffix: "$", mesh.Regex: "~", mesh.Present: "!",
	}[c.Compare]
	if c.Not {
		how = "not" + how
	}
	if c.EmptyIfMissing {
		how = "?" + how
	}
	return c.HeaderName() + how + c.Value
}

func askedFor(in mesh.Inbound) string {
	var lines []string
	for _, d := range in.Denials {
		var words []string
		for _, c := range d.When {
			words = append(words, spoken(c))
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return strings.Join(lines, "; ")
}

// TestCases holds what a match asks of the requests of customer-v1.
func TestCases(t *testing.T) {
	t.Parallel()
	for match, want := range map[string]string{
		`request.path == "/a"`:                         ":path=/a",
		`request.method != "GET"`:                      ":methodnot=GET",
		`request.host.startsWith("pre")`:               ":authority^pre",
		`"/a" == request.path`:                         ":path=/a",
		`request.headers["x"] == "a"`:                  "x?=a",
		`request.headers["x"] != "a"`:                  "x?not=a",
		`request.headers["x"] == ""`:                   "x?=",
		`request.headers["x"] | "none" == "none"`:      "x=none; xnot!",
		`request.headers["x"] | "none" != "none"`:      "x! xnot=none",
		`request.headers["x"] | request.path == "a"`:   "x=a; xnot! :path=a",
		`request.useragent == "a"`:                     "user-agent=a",
		`request.useragent != "a"`:                     "user-agent! user-agentnot=a",
		`match(request.path, "/a*")`:                   ":path^/a",
		`match(request.path, "*a")`:                    ":path$a",
		`match(request.path, "*")`:                     "",
		`"a.*b".matches(request.path)`:                 ":path~(?s:.*)(?:a.*b)(?s:.*)",
		`request.path == source.labels["app"]`:         ":path=customer",
		`request.path == "/a" && request.path == "/b"`: "never",
		`request.path == "/a" || request.path == "/b"`: ":path=/a; :path=/b",
		`request.path == "/a" || "a" == "a"`:           "",
		`request.path == "/a" && "a" == "b"`:           "never",
		`request.useragent == "a" || request.path == "/"`: "user-agent=a; " +
			"user-agent! user-agentnot=a :path=/", // without one, the whole cannot be told
		`request.path == "/" || request.useragent == "a"`:                             ":path=/; user-agent=a",
		`request.path.startsWith("/a") && request.path != "/ab"`:                      ":path^/a :pathnot=/ab",
		`request.path == "/a" && request.path.startsWith("/")`:                        ":path=/a",
		`(request.path == "/" || request.method == "PUT") && request.method != "GET"`: ":path=/ :methodnot=GET; :method=PUT",
	} {
		t.Run(match, func(t *testing.T) {
			t.Parallel()
			only := `source.labels["app"] == "customer" && (` + match + `)`
			in := inbound(t, aMixerRule+"  match: '"+only+"'\n"+deniesAll+mixerObjects, "customer-v1")
			got := askedFor(in)
			if len(in.Denials) == 0 {
				got = "never"
			}
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// TestDenialsTogether has each set of refusals that requests may meet, those of most first.
func TestDenialsTogether(t *testing.T) {
	t.Parallel()
	rule := func(name, match string) string {
		return strings.Replace(aMixerRule, "name: r", "name: "+name, 1) + "  match: '" + match + "'\n" + deniesAll + "---\n"
	}
	only := `source.labels["app"] == "customer" && `
	for rules, want := range map[string]string{
		rule("a", only+`request.path == "/a"`) + rule("b", only+`request.method == "PUT"`): ":path=/a :method=PUT; :path=/a; :method=PUT",
		rule("a", only+`request.path == "/a"`) + rule("b", only+`request.path == "/b"`):    ":path=/a; :path=/b",
		rule("a", only+`request.path == "/a"`) + rule("b", only+`"a" == "a"`):              ":path=/a; ",
		rule("a", only+`request.path == "/a"`) + rule("b", only+`request.path == "/a"`):    ":path=/a",
	} {
		if got := askedFor(inbound(t, rules+strings.TrimPrefix(mixerObjects, "---\n"), "customer-v1")); got != want {
			t.Errorf("%s\n%s, want %s", rules, got, want)
		}
	}
	var many strings.Builder
	for _, name := range strings.Split("abcde", "") {
		many.WriteString(rule(name, only+`request.headers["`+name+`"] == "1"`))
	}
	in := inbound(t, many.String()+strings.TrimPrefix(mixerObjects, "---\n"), "customer-v1")
	if got := askedFor(in); got != "a?=1; b?=1; c?=1; d?=1; e?=1" {
		t.Errorf("five conditions: %s", got)
	}
}

// TestLimitsOfSomeRequests asks for a quota where the match of the memquota's rule holds.
func TestLimitsOfSomeRequests(t *testing.T) {
	t.Parallel()
	text := istiofiles(t, "rate_limit_rule", "recommendation_rate_limit_handler", "recommendation_rate_limit_quota_spec")
	text = strings.Replace(text, "spec:\n  actions:", "spec:\n  match: request.path == \"/a\" || request.method == \"PUT\"\n  actions:", 1)
	limits := inbound(t, text, "recommendation-v2").Limits
	if len(limits) == 0 {
		t.Fatal("no limits")
	}
	for _, l := range limits {
		if len(l.When) != 2 || spoken(l.When[0][0]) != ":path=/a" || spoken(l.When[1][0]) != ":method=PUT" {
			t.Errorf("limit when %v", l.When)
		}
	}
}
