package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

type spec struct{ text string }

// rule is one of a kind, in namespace n.
func rule(t *testing.T, k rules.Kind, name, text string) rules.Rule {
	t.Helper()
	file := fmt.Sprintf("apiVersion: %s/v1\nkind: %s\nmetadata: {name: %s}\n", k.Group, k.Kind, name)
	docs, err := document.Parse("rules.yml", strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return rules.NewRule(docs[0], k, "n", &spec{text})
}

func names(list []rules.Typed[spec]) string {
	var keys []string
	for _, r := range list {
		keys = append(keys, r.Key.String()+"="+r.Spec.text)
	}
	return strings.Join(keys, " ")
}

func TestSet(t *testing.T) {
	t.Parallel()
	today := rules.Kind{Kind: "VirtualService", Group: "networking.istio.io"}
	classic := rules.Kind{Kind: "RouteRule", Group: "config.istio.io", Type: "route-rule"}
	one := rules.Set{}.Apply(rule(t, today, "b", "1"), rule(t, classic, "z", "1"))
	two := one.Apply(rule(t, today, "a", "2"), rule(t, today, "b", "2"))
	for _, c := range []struct {
		of        string
		got, want string
	}{
		{"none", names(rules.ByKey[spec](rules.Set{})), ""},
		{"first", names(rules.ByKey[spec](one)), "VirtualService n/b=1 route-rule/n/z=1"},
		{"second", names(rules.ByKey[spec](two)), "VirtualService n/a=2 VirtualService n/b=2 route-rule/n/z=1"},
		{"oldest", names(rules.Of[spec](two)), "VirtualService n/b=2 route-rule/n/z=1 VirtualService n/a=2"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.of, c.got, c.want)
		}
	}
	two.Rules()[0].Key.Name = "changed"
	key := rules.Key{Group: today.Group, Kind: today.Kind, Namespace: "n", Name: "a"}
	if _, ok := two.Get(key); !ok || strings.Contains(names(rules.ByKey[spec](two)), "changed") {
		t.Error("a set has changed")
	}
	if other := (rules.Key{Group: today.Group, Kind: today.Kind, Namespace: "n", Name: "b"}); two.IsBefore(key, other) ||
		!two.IsBefore(other, key) || one.IsBefore(key, other) || !one.IsBefore(other, key) {
		t.Error("the first to come is not the older")
	}
	if _, ok := one.Get(key); ok {
		t.Error("the set before has changed")
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	r := rule(t, rules.Kind{Kind: "Gateway", Group: "g"}, "a", "")
	r.Suppressed = []string{"IST0101", "own"}
	r.Warnings = []rules.Finding{rules.Warn("", "own", "w")}
	found := rules.Findings(rules.Set{}.Apply(r), func(*rules.Rule) []rules.Finding {
		return []rules.Finding{rules.Warn("", rules.NotFound, "x"), rules.Warn("", rules.NoPods, "y")}
	})
	want := "[Warning (Gateway n/a) w IST0173 Warning (Gateway n/a) y]"
	if got := fmt.Sprint(found); got != want {
		t.Errorf("findings %s, want %s", got, want)
	}
}
