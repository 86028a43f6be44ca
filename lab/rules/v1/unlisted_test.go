package v1_test

import (
	"fmt"
	"testing"

	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestUnlistedNotes tells where a host acts that nobody lists, and of names that only a pattern has.
func TestUnlistedNotes(t *testing.T) {
	t.Parallel()
	entry := object("ServiceEntry", "e", `{hosts: ["*.x.com"], ports: [{number: 80, name: a, protocol: HTTP}]}`) + "---\n"
	const http = "http: [{" + toIt + "}]"
	// external's port 80 is left out, and there is none without the entry.
	tutorialAlone := topology()
	tutorialAlone.Services = tutorialAlone.Services[:3]
	for _, c := range []struct {
		rules string
		top   mesh.Topology
		want  string
	}{
		{routing("v", "{hosts: [x.com], "+http+"}"), tutorialAlone, "[Warning (VirtualService istio-tutorial/v) never acts for host x.com: there is no x.com]"},
		{routing("v", "{hosts: [x.com], "+http+"}"), topology(), "[Warning (VirtualService istio-tutorial/v) acts for host x.com at port 80 alone: there is no x.com]"},
		{entry + routing("v", "{hosts: [a.x.com], "+http+"}"), tutorialAlone, "[]"},
		{entry + routing("v", "{hosts: [a.x.com], tls: [{match: [{sniHosts: [a.x.com]}], "+toIt+"}]}"), tutorialAlone,
			"[Warning (VirtualService istio-tutorial/v) never acts for host a.x.com: there is no a.x.com]"},
		{entry + routing("v", "{hosts: [recommendation], http: [{route: [{destination: {host: a.x.com}}]}]}"), tutorialAlone,
			"[Warning (VirtualService istio-tutorial/v) a.x.com is not there: only a pattern of a ServiceEntry has it, and Istio makes no cluster for each name below]"},
	} {
		if found := fmt.Sprint(v1.Findings(load(t, c.rules), c.top)); found != c.want {
			t.Errorf("%s\nfindings %s, want %s", c.rules, found, c.want)
		}
	}
}
