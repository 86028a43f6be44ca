package classic_test

import (
	"strings"
	"testing"
)

// TestPredicates holds which callers of customer-v1 a match means.
func TestPredicates(t *testing.T) {
	t.Parallel()
	const all = "customer-v1 preference-v1 recommendation-v1 recommendation-v2 bare others"
	for match, want := range map[string]string{
		`source.labels["app"] != "customer"`:                                                "preference-v1 recommendation-v1 recommendation-v2 bare",
		`source.labels["app"] == "customer" || source.labels["version"] == "v2"`:            "customer-v1 recommendation-v2",
		`source.labels["app"] == "recommendation" && source.labels["version"] != "v1"`:      "recommendation-v2",
		`source.labels["app"] == "customer" || "a" == "a" && source.labels["app"] != "bad"`: "customer-v1 preference-v1 recommendation-v1 recommendation-v2 bare",
		`(source.labels["app"] == "customer" || "a" == "a") && "a" == "b"`:                  "",
		`match(source.labels["app"] | "none", "rec*")`:                                      "recommendation-v1 recommendation-v2",
		`match(source.labels["app"] | "none", "*ence")`:                                     "preference-v1",
		`match(source.labels["app"] | "none", "none")`:                                      "bare others",
		`source.labels["app"].startsWith("cust")`:                                           "customer-v1",
		`source.service.endsWith("cluster.local")`:                                          "customer-v1 preference-v1 recommendation-v1 recommendation-v2",
		`"^(pre|cus).*r".matches(source.labels["app"])`:                                     "customer-v1 preference-v1",
		`"a" == "a" || source.labels["app"] == "x"`:                                         all,
		`true`:                                   all,
		`true && source.labels["app"] == "none"`: "",
		`source.labels["app"] == "x" || "a" == "a"`: "customer-v1 preference-v1 recommendation-v1 recommendation-v2 bare",
	} {
		t.Run(match, func(t *testing.T) {
			t.Parallel()
			rule := aMixerRule + "  match: '" + match + "'\n" + deniesAll + mixerObjects
			got, _, _ := strings.Cut(denials(inbound(t, rule, "customer-v1")), ":")
			if got != want {
				t.Errorf("callers %s, want %s", got, want)
			}
		})
	}
}

func TestCharges(t *testing.T) {
	t.Parallel()
	text := istiofiles(t, "rate_limit_rule", "recommendation_rate_limit_handler", "recommendation_rate_limit_quota_spec")
	for _, l := range inbound(t, strings.Replace(text, "charge: 1", "charge: 3", 1), "recommendation-v2").Limits {
		if l.Charge != 3 {
			t.Errorf("%+v", l)
		}
	}
	if _, err := parse(strings.Replace(text, "charge: 1", "charge: 0", 1), namespace); err == nil ||
		!strings.Contains(err.Error(), "0 charges nothing") {
		t.Errorf("error %v", err)
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	const field = "rules.yml:5: spec.match: expression: "
	for expression, want := range map[string]string{
		``:                                  "",
		`source.labels["a"] == "b"`:         "",
		`true`:                              "",
		`true && source.labels["a"] == "b"`: "",
		`truth`:                             "attribute truth: not supported by the lab",
		`source.labels["a"]=="b" && destination.service == "c"&&destination.labels["d"] | "e" == "f"`: "",
		`a == b`:                    "attribute a: not supported by the lab",
		`source.ip == "a"`:          "attribute source.ip: not supported by the lab",
		`source.labels["a"]`:        `want == or !=, not ""`,
		`source.labels["a"] != "b"`: "",
		`"a" == "a" || "b" == "b"`:  "",
		`("a" == "a" || "b" == "b") && match(source.service, "a*")`:               "",
		`destination.service.startsWith("a") && source.labels["a"].endsWith("b")`: "",
		`"a.*".matches(source.service)`:                                           "",
		`!("a" == "a")`:                                                           `Istio 0.7.1 knows no !; write != in place of ==`,
		`source.labels["a"].matches("b")`:                                         "matches: want a literal regular expression before it",
		`"(".matches("b")`:                                                        "matches: error parsing regexp: missing closing ): `(`",
		`"a" = "b"`:                                                               `want == or !=, not "=\"b\""`,
		`("a" == "b"`:                                                             `want ), not ""`,
		`match("a")`:                                                              `want ,, not ")"`,
		`"a" == "b" "c"`:                                                          `"\"c\"": not supported by the lab`,
		`source.labels == "a"`:                                                    `source.labels: want a key, as in source.labels["app"]`,
		`source.labels[a] == "a"`:                                                 `a is not a string`,
		`source.labels["a" == "a"`:                                                `source.labels: ] is missing`,
		`"a" ==`:                                                                  "ends too early",
		`"a == "b"`:                                                               "literal not terminated",
		`"a`:                                                                      "literal not terminated",
		`request.path == "/" && request.headers["x"] | "a" != source.namespace`: "",
		`request.host.endsWith("a") || match(request.useragent, "*Safari*")`:    "",
		`request.path == request.referer`:                                       "two parts of a request, compared to each other: not supported by the lab",
		`match("a", request.path)`:                                              "request.path here: not supported by the lab",
		`response.code == 200`:                                                  "response.code, which comes after the check: not supported by the lab",
		`request.headers["User-Agent"] == "a"`:                                  `request.headers["User-Agent"]: want lower case, as Mixer has the names of headers`,
		`request.size == 1`:                                                     "attribute request.size: not supported by the lab",
		`"\x00" == "b"`:                                                         `"\x00" is not a string`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := parse(head+"rule\nmetadata: {name: r}\nspec:\n  match: '"+expression+"'\n", namespace)
			switch {
			case err == nil && want != "", err != nil && err.Error() != field+want:
				t.Errorf("error %v, want %s", err, want)
			}
		})
	}
}

// TestMatchesOfTheRequest holds what a match may not ask of a request, and what a rule may not do with one.
func TestMatchesOfTheRequest(t *testing.T) {
	t.Parallel()
	either := `(request.path == "a" || request.path == "b" || request.path == "c")`
	counts := strings.Replace(deniesAll, "d.denier", "p.prometheus", 1)
	for text, want := range map[string]string{
		`request.headers["a b"] == "c"` + "'\n" + deniesAll:                              `rules.yml:5: spec.match: "a b" is not the name of a header`,
		`"\\pX".matches(request.path)` + "'\n" + deniesAll:                               "rules.yml:5: spec.match: expression: matches: error parsing regexp",
		`"".matches(request.path)` + "'\n" + deniesAll:                                   `rules.yml:5: spec.match: "": must not be empty`,
		either + " && " + either + " && " + either + " && " + either + "'\n" + deniesAll: "rules.yml:5: spec.match: more than 32 ways to meet it: not supported by the lab",
		`request.path == "a"` + "'\n" + counts:                                           "rules.yml:6: spec.actions[0].handler: a prometheus with a match on the request: not supported by the lab",
	} {
		_, err := parse(head+"rule\nmetadata: {name: r}\nspec:\n  match: '"+text, namespace)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}
