package v1_test

import (
	"fmt"
	"testing"

	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

func peerRule(name, namespace, spec string) string {
	return fmt.Sprintf(`---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: %s, namespace: %s}
spec: %s
`, name, namespace, spec)
}

// TestAuthentication holds which of several rules counts at which port.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	const root, here = "istio-system", "istio-tutorial"
	const mine = "{selector: {matchLabels: {app: preference}}, mtls: {mode: STRICT}}"
	for name, c := range map[string]struct {
		rules    string
		mode     mesh.Mutual
		from     string
		other    mesh.Mutual // at port 9090
		customer mesh.Mutual
	}{
		"none":      {"", mesh.Permissive, "", mesh.Permissive, mesh.Permissive},
		"mesh":      {peerRule("a", root, "{mtls: {mode: STRICT}}"), mesh.Strict, root + "/a", mesh.Strict, mesh.Strict},
		"namespace": {peerRule("a", root, "{mtls: {mode: STRICT}}") + peerRule("b", here, "{mtls: {mode: DISABLE}}"), mesh.Disabled, here + "/b", mesh.Disabled, mesh.Disabled},
		"workload":  {peerRule("b", here, "{mtls: {mode: DISABLE}}") + peerRule("c", here, mine), mesh.Strict, here + "/c", mesh.Strict, mesh.Disabled},
		"elsewhere": {peerRule("b", "external", "{mtls: {mode: STRICT}}"), mesh.Permissive, "", mesh.Permissive, mesh.Permissive},
		"says nothing": {
			peerRule("a", root, "{mtls: {mode: STRICT}}") + peerRule("b", here, "{mtls: {mode: UNSET}}"),
			mesh.Strict, root + "/a", mesh.Strict, mesh.Strict,
		},
		"a selector in the root namespace": {peerRule("a", root, mine), mesh.Permissive, "", mesh.Permissive, mesh.Permissive},
		"port": {
			peerRule("c", here, "{selector: {matchLabels: {app: preference}}, mtls: {mode: STRICT}, portLevelMtls: {9090: {mode: DISABLE}}}"),
			mesh.Strict, here + "/c", mesh.Disabled, mesh.Permissive,
		},
		"the oldest": {peerRule("a", here, "{mtls: {mode: STRICT}}") + peerRule("b", here, "{mtls: {mode: DISABLE}}"), mesh.Strict, here + "/a", mesh.Strict, mesh.Strict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := v1.Resolve(load(t, c.rules), topology())
			s, _ := m.SidecarOf(tutorial("preference-v1"))
			mode, from := s.Inbound.Authentication.At(8080)
			if mode != c.mode || from != c.from {
				t.Errorf("mode %v from %q, want %v from %q", mode, from, c.mode, c.from)
			}
			if other, _ := s.Inbound.Authentication.At(9090); other != c.other {
				t.Errorf("port 9090: %v, want %v", other, c.other)
			}
			s, _ = m.SidecarOf(tutorial("customer-v1"))
			if mode, _ := s.Inbound.Authentication.At(8080); mode != c.customer {
				t.Errorf("customer: %v, want %v", mode, c.customer)
			}
		})
	}
}
