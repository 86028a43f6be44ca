package v1_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestSecretNotes says what a Secret of a client does not do here, or nowhere.
func TestSecretNotes(t *testing.T) {
	t.Parallel()
	top := topology()
	top.Credentials = []mesh.Credential{{Name: tutorial("bad"), Data: map[string][]byte{"tls.crt": []byte("x"), "tls.key": []byte("y")}}}
	const (
		chosen  = "workloadSelector: {matchLabels: {app: customer}}, "
		rights  = "acts only if the ServiceAccount of the pods may list Secrets"
		inPlain = "without a workloadSelector sidecars call in plain text"
	)
	for rule, want := range map[string][]string{
		chosen + "trafficPolicy: {tls: {mode: MUTUAL, credentialName: absent}}":                                {rights, "absent of spec.trafficPolicy.tls.credentialName is not usable: not found"},
		chosen + "trafficPolicy: {tls: {mode: MUTUAL, credentialName: bad}}":                                   {rights, "is not usable: tls: failed to find any PEM data"},
		chosen + "trafficPolicy: {tls: {mode: SIMPLE, credentialName: bad}}":                                   {rights, "is not usable: it has no authority of the server: key ca.crt"},
		"trafficPolicy: {tls: {mode: SIMPLE, credentialName: bad}}":                                            {"IST0128", inPlain},
		"trafficPolicy: {tls: {mode: MUTUAL, credentialName: bad}}":                                            {"IST0128", inPlain},
		"subsets: [{name: a, trafficPolicy: {tls: {mode: SIMPLE, credentialName: b}}}]":                        {"spec.subsets[0].trafficPolicy.tls.credentialName", inPlain},
		"trafficPolicy: {portLevelSettings: [{port: {number: 8080}, tls: {mode: MUTUAL, credentialName: b}}]}": {"IST0129", "portLevelSettings[0].tls.credentialName", inPlain},
		"trafficPolicy: {tls: {mode: SIMPLE, caCertificates: system}}":                                         nil,
		"trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}":                                                           nil,
	} {
		text := "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: recommendation, " + rule + "}\n"
		var said []string
		for _, f := range v1.Findings(load(t, text), top) {
			if strings.Contains(f.Path, "tls") {
				said = append(said, f.String())
			}
		}
		all := strings.Join(said, "\n")
		for _, part := range want {
			if !strings.Contains(all, part) {
				t.Errorf("%s: %q, want %q", rule, all, part)
			}
		}
		if len(want) == 0 && all != "" {
			t.Errorf("%s: %q", rule, all)
		}
	}
}
