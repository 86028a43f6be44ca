package classic_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/rules/classic"
)

func names(s classic.Set) string {
	var list []string
	for _, r := range s.Rules() {
		list = append(list, r.Key.Name)
	}
	return strings.Join(list, " ")
}

func TestSet(t *testing.T) {
	t.Parallel()
	rules, err := parse(aPolicy+"---\n"+plainRoute+"---\n"+aRouteRule, namespace)
	if err != nil {
		t.Fatal(err)
	}
	policy, plain, route := rules[0], rules[1], rules[2]
	two, err := classic.Set{}.Create(route, policy)
	if err != nil || names(two) != "r r" {
		t.Fatalf("create: %s, %v", names(two), err)
	}
	for name, c := range map[string]struct {
		change func() (classic.Set, error)
		want   string
		err    string
	}{
		"create": {func() (classic.Set, error) { return two.Create(plain) }, "r plain r", ""},
		"create again": {
			func() (classic.Set, error) { return two.Create(plain, route, policy) },
			"r r",
			"routerules.config.istio.io \"r\" already exists\n" +
				"destinationpolicies.config.istio.io \"r\" already exists",
		},
		"create twice": {
			func() (classic.Set, error) { return classic.Set{}.Create(plain, plain) },
			"",
			`routerules.config.istio.io "plain" already exists`,
		},
		"replace": {func() (classic.Set, error) { return two.Replace(route) }, "r r", ""},
		"replace missing": {
			func() (classic.Set, error) { return two.Replace(route, plain) },
			"r r",
			`routerules.config.istio.io "plain" not found`,
		},
		"apply": {
			func() (classic.Set, error) { return two.Apply(plain, route), nil },
			"r plain r",
			"",
		},
		"delete": {func() (classic.Set, error) { return two.Delete(route.Key) }, "r", ""},
		"delete missing": {
			func() (classic.Set, error) { return two.Delete(route.Key, plain.Key) },
			"r r",
			`routerules.config.istio.io "plain" not found`,
		},
		"delete unknown": {
			func() (classic.Set, error) { return two.Delete(classic.Key{Type: "x", Name: "y"}) },
			"r r",
			`x.config.istio.io "y" not found`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.change()
			if (err != nil || c.err != "") && (err == nil || err.Error() != c.err) {
				t.Errorf("error %v, want %s", err, c.err)
			}
			if names(got) != c.want {
				t.Errorf("rules %q, want %q", names(got), c.want)
			}
			if names(two) != "r r" {
				t.Errorf("the set before has changed: %s", names(two))
			}
		})
	}
	if _, ok := two.Get(route.Key); !ok {
		t.Error("get: not found")
	}
}
