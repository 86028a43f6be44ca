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
			"  gatewayClassName: istio\n  addresses: [{type: Hostname, value: way-in.ours-ingress.svc.cluster.local}]\n  listeners:",
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

// TestCompare takes what means the same for the same.
func TestCompare(t *testing.T) {
	t.Parallel()
	p := placeIn("ours-1")
	for _, c := range []struct{ says, printed, said, came string }{
		{"NAME|customer-…", "NAME|way-in-5f   1/1|customer-6d   2/2", "NAME|customer-…", "NAME|customer-6d   2/2"},
		{"", `virtualservice.networking.istio.io "recommendation" deleted from ours-1 namespace`, "", `virtualservice.networking.istio.io "recommendation" deleted`},
		{"", `virtualservice.networking.istio.io "ingress" deleted`, "", `ingress.networking.k8s.io "customer" deleted`},
		{"", "virtualservice.networking.istio.io/ingress created", "", "ingress.networking.k8s.io/customer created"},
		{"", "spiffe://cluster.local/ns/ours-1/sa/preference", "", "spiffe://cluster.local/ns/istio-tutorial/sa/preference"},
		{
			`Error: istiofiles/v1/a.yml:17: virtualservices.networking.istio.io "a" already exists`,
			`Error from server (AlreadyExists): error when creating "STDIN": virtualservices.networking.istio.io "a" already exists`,
			`Error: virtualservices.networking.istio.io "a" already exists`,
			`Error: virtualservices.networking.istio.io "a" already exists`,
		},
		{"a created|warning: [IST0128] …", "Warning: EnvoyFilter exposes internals|a created", "a created", "a created"},
		{"Error: customer is gone", "customer", "Error: customer is gone", "customer"},
	} {
		said, came := p.Compare(strings.Split(c.says, "|"), strings.Split(c.printed, "|"))
		if !slices.Equal(said, strings.Split(c.said, "|")) || !slices.Equal(came, strings.Split(c.came, "|")) {
			t.Errorf("%q, %q: %q, %q", c.says, c.printed, said, came)
		}
	}
}

// TestUnchanged takes kubectl's word for one left as it was only where the API server's has not changed.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	const route = "httproute.gateway.networking.k8s.io/customer"
	for generation, want := range map[int64]string{1: route + " unchanged", 2: route + " configured"} {
		p := placeIn("ours")
		p.noteSame(map[string]int64{route: 1}, map[string]int64{route: generation, "httproute.gateway.networking.k8s.io/new": 1})
		if _, came := p.Compare(nil, []string{route + " configured"}); came[0] != want {
			t.Errorf("generation %d: %s", generation, came[0])
		}
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
