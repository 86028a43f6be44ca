package v1_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	v1 "istio-tutorial/lab/rules/v1"
)

func parseRule(t *testing.T, group, kind, spec string) (warnings []string, problem string) {
	t.Helper()
	text := "apiVersion: " + group + "\nkind: " + kind + "\nmetadata: {name: r}\nspec: " + spec + "\n"
	docs, err := document.Parse("r.yml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	list, err := v1.Parse(docs, namespace)
	if err != nil {
		return nil, err.Error()
	}
	for _, w := range list[0].Warnings {
		warnings = append(warnings, w.String())
	}
	return warnings, ""
}

// TestAsIstioRefuses holds what Istio's webhook refuses.
func TestAsIstioRefuses(t *testing.T) {
	t.Parallel()
	const network, security = "networking.istio.io/v1", "security.istio.io/v1"
	for _, c := range []struct{ group, kind, spec, want string }{
		{security, "AuthorizationPolicy", "{action: DENY, rules: [{from: [{}]}]}",
			"spec.rules[0].from[0].source: missing"},
		{network, "Sidecar", "{egress: [{hosts: []}]}", "spec.egress[0].hosts: missing"},
		{network, "Gateway", "{servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.b]}, " +
			"{port: {number: 81, name: http, protocol: HTTP}, hosts: [c.d]}]}",
			"spec.servers[1].port.name: http given twice"},
	} {
		if _, got := parseRule(t, c.group, c.kind, c.spec); !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.kind, c.spec, got, c.want)
		}
	}
}

func TestDenyWithoutRules(t *testing.T) {
	t.Parallel()
	got, problem := parseRule(t, "security.istio.io/v1", "AuthorizationPolicy", "{action: DENY}")
	if len(got) > 0 || !strings.Contains(problem, "spec.rules: DENY without a rule") {
		t.Errorf("%q, %s", got, problem)
	}
	got, problem = parseRule(t, "security.istio.io/v1", "AuthorizationPolicy", "{action: DENY, rules: [{}]}")
	if problem != "" || len(got) > 0 {
		t.Errorf("with a rule: %q, %s", got, problem)
	}
}

// TestLowerCaseProtocol is warned of like any other.
func TestLowerCaseProtocol(t *testing.T) {
	t.Parallel()
	const entry = "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e}\n" +
		"spec: {hosts: [a.com], resolution: DNS, ports: [{number: 443, name: x, protocol: tcp}]}\n"
	found := v1.Findings(load(t, entry), topology())
	if len(found) != 1 || !strings.Contains(found[0].String(), "IST0134") {
		t.Errorf("%v", found)
	}
}
