package oncluster

import (
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/cluster"
)

func placeIn(namespace string) *place {
	return &place{ground: &Ground{Tools: cluster.Tools{Namespace: namespace}}}
}

// TestTypes leaves out what a cluster lacks, and keeps rules away from the gateway that is everybody's.
func TestTypes(t *testing.T) {
	t.Parallel()
	p := placeIn("ours")
	for _, c := range []struct{ command, typed string }{
		{"bin/lab why --send", ""},
		{"bin/lab routes", ""},
		{"bin/lab proxy-logs | grep -c x", ""},
		{"bin/lab get pods", "bin/lab get pods"},
		{"bin/lab rollout status deployment/a", "bin/lab rollout status deployment/a"},
		{"bin/poll_customer.sh -n 2", "bin/poll_customer.sh -n 2"},
		{"  selector: {istio: ingressgateway}", "  selector: {istio: ours}"},
		{
			"  gatewayClassName: istio\n  listeners:",
			"  gatewayClassName: istio\n  addresses: [{type: Hostname, value: way-in-istio.ours.svc.cluster.local}]\n  listeners:",
		},
	} {
		typed, why := p.Types(c.command)
		if why != "" {
			typed = ""
		}
		if typed != c.typed {
			t.Errorf("%q: %q, want %q; %s", c.command, typed, c.typed, why)
		}
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	got := placeIn("ours-1").Reads([]string{
		"NAME   READY",
		"way-in-istio-5f   1/1",
		"customer-6d   2/2",
		`virtualservice.networking.istio.io "recommendation" deleted from ours-1 namespace`,
		`httproute.gateway.networking.k8s.io "ingress" deleted`,
		"httproute.gateway.networking.k8s.io/ingress created",
		"spiffe://cluster.local/ns/ours-1/sa/preference",
	})
	want := []string{
		"NAME   READY",
		"customer-6d   2/2",
		`virtualservice.networking.istio.io "recommendation" deleted`,
		`ingress.networking.k8s.io "customer" deleted`,
		"ingress.networking.k8s.io/customer created",
		"spiffe://cluster.local/ns/istio-tutorial/sa/preference",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// TestRefusal reads what the programs say of an answer that is none to be glad of.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"egress: http://httpbin.org/x: 502 Bad Gateway\ncommand terminated with exit code 1\n": "502 <nil>",
		"customer: Get \"http://a\": EOF\n":                                                    `0 Get "http://a": EOF`,
	} {
		program, _, _ := strings.Cut(words, ":")
		code, err := refusal(program, words)
		if got := sprint(code, err); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
}
