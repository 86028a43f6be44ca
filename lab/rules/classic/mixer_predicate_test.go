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
		`source.labels["app"] == "x" || "a" == "a"`:                                         "customer-v1 preference-v1 recommendation-v1 recommendation-v2 bare",
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
