package v1_test

import (
	"fmt"
	"strings"
	"testing"

	v1 "istio-tutorial/lab/rules/v1"
)

// TestMessages holds istioctl's words for what needs more than one look at a rule. Those that a
// record of istioctl has are in TestRoutingAgreesWithIstio.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		rules []string
		want  string // of the messages, in their order
	}{
		{
			"a subset behind the ingress",
			[]string{
				object("Gateway", "g", `{selector: {istio: ingressgateway}, servers: [{hosts: ["*"], port: {number: 80, name: http, protocol: HTTP}}]}`),
				object("VirtualService", "edge", `{hosts: ["*"], gateways: [g], http: [{route: [{destination: {host: customer}}]}]}`),
				object("DestinationRule", "d", `{host: customer, subsets: [{name: a}]}`),
				object("VirtualService", "in", `{hosts: [customer], http: [{route: [{destination: {host: customer, subset: a}}]}]}`),
			},
			"IST0140 Warning (VirtualService istio-tutorial/edge) Subset in virtual service istio-tutorial/in has no effect " +
				"on ingress gateway istio-tutorial/edge requests",
		},
		{
			"a port that is not there",
			[]string{object("VirtualService", "a", `{hosts: [customer], http: [{route: [{destination: {host: customer, port: {number: 80}}}]}]}`)},
			`IST0101 Error (VirtualService istio-tutorial/a) Referenced host:port not found: "customer:80"`,
		},
		{
			"a mirror that is not there",
			[]string{object("VirtualService", "a", `{hosts: [customer], http: [{route: [{destination: {host: customer}}], mirror: {host: x}}]}`)},
			`IST0101 Error (VirtualService istio-tutorial/a) Referenced mirror host not found: "x"`,
		},
		{
			"several ports",
			[]string{
				object("ServiceEntry", "e", `{hosts: [a.com], resolution: DNS, ports: [{number: 80, name: a, protocol: HTTP}, {number: 81, name: b, protocol: TCP}]}`),
				object("VirtualService", "v", `{hosts: [a.com], http: [{route: [{destination: {host: a.com}}]}]}`),
			},
			"IST0134 Warning (ServiceEntry istio-tutorial/e) ServiceEntry addresses are required for this protocol.\n" +
				`IST0112 Error (VirtualService istio-tutorial/v) This VirtualService routes to a service "a.com" that exposes ` +
				"multiple ports [80 81]. Specifying a port in the destination is required to disambiguate.",
		},
		{
			"authorities",
			[]string{object("DestinationRule", "d", `{host: customer, trafficPolicy: {tls: {mode: SIMPLE}, portLevelSettings: [{port: {number: 8080}, tls: {mode: SIMPLE}}]}}`)},
			"IST0128 Warning (DestinationRule istio-tutorial/d) DestinationRule istio-tutorial/d in namespace istio-tutorial has TLS " +
				"mode set to SIMPLE but no caCertificates are set to validate server identity for host: customer\n" +
				"IST0129 Warning (DestinationRule istio-tutorial/d) DestinationRule istio-tutorial/d in namespace istio-tutorial has TLS " +
				"mode set to SIMPLE but no caCertificates are set to validate server identity for host: customer at port number:8080",
		},
		{
			"two VirtualServices",
			[]string{
				routing("b", `{hosts: [customer], http: [{`+toIt+`}]}`), routing("a", `{hosts: [customer], http: [{`+toIt+`}]}`),
			},
			both("IST0109 Error (VirtualService istio-tutorial/%s) The VirtualServices istio-tutorial/a,istio-tutorial/b associated " +
				"with mesh gateway define the same host */customer.istio-tutorial.svc.cluster.local which can lead to undefined " +
				"behavior. This can be fixed by merging the conflicting VirtualServices into a single resource. " +
				"Of these the oldest acts; if they are created together, istio-tutorial/a does, by its name."),
		},
		{
			"two Sidecars",
			[]string{
				object("Sidecar", "a", `{egress: [{hosts: ["*/*"]}]}`), object("Sidecar", "b", `{egress: [{hosts: ["*/*"]}]}`),
				object("Sidecar", "c", `{workloadSelector: {labels: {app: customer}}, egress: [{hosts: ["*/*"]}]}`),
			},
			both("IST0111 Error (Sidecar istio-tutorial/%s) The Sidecars [a b] in namespace \"istio-tutorial\" have no workload " +
				"selector, which can lead to undefined behavior."),
		},
		{
			"two Sidecars of a pod",
			[]string{
				object("Sidecar", "a", `{workloadSelector: {labels: {app: customer}}, egress: [{hosts: ["*/*"]}]}`),
				object("Sidecar", "b", `{workloadSelector: {labels: {version: v1}}, egress: [{hosts: ["*/*"]}]}`),
				object("Sidecar", "c", `{workloadSelector: {labels: {app: x}}, egress: [{hosts: ["*/*"]}]}`),
			},
			both("IST0110 Error (Sidecar istio-tutorial/%s) The Sidecars [a b] in namespace \"istio-tutorial\" select the same "+
				"workload pod \"customer-v1-pod\", which can lead to undefined behavior.") +
				"\nIST0101 Error (Sidecar istio-tutorial/c) Referenced selector not found: \"app=x\"",
		},
		{
			"two Telemetries",
			[]string{
				strings.Replace(object("Telemetry", "a", `{}`), "networking", "telemetry", 1),
				strings.Replace(object("Telemetry", "b", `{}`), "networking", "telemetry", 1),
			},
			both("IST0160 Error (Telemetry istio-tutorial/%s) The Telemetries [a b] in namespace \"istio-tutorial\" have no workload " +
				"selector, which can lead to undefined behavior."),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range v1.Findings(load(t, strings.Join(c.rules, "---\n")), topology()) {
				if f.Code != "" {
					got = append(got, f.String())
				}
			}
			if text := strings.Join(got, "\n"); text != c.want {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}

func object(kind, name, spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"
}

// both are the same message of a and of b.
func both(text string) string { return fmt.Sprintf(text+"\n"+text, "a", "b") }

// TestOldestActs has the message about one host of several rules say which acts: by age where one is older.
func TestOldestActs(t *testing.T) {
	t.Parallel()
	const toIt = `{hosts: [customer], http: [{route: [{destination: {host: customer}}]}]}`
	newer := load(t, routing("a", toIt)).Rules()
	for _, c := range []struct{ what, want string }{
		{"together", " Of these the oldest acts; if they are created together, istio-tutorial/a does, by its name."},
		{"b first", " Of these istio-tutorial/b acts, as the oldest."},
	} {
		set := load(t, routing("b", toIt))
		if c.what == "together" {
			set = load(t, routing("b", toIt)+"---\n"+routing("a", toIt))
		} else {
			set = set.Apply(newer...)
		}
		found := v1.Findings(set, topology())
		if len(found) == 0 {
			t.Fatalf("%s: nothing found", c.what)
		}
		for _, f := range found {
			if !strings.HasSuffix(f.String(), c.want) {
				t.Errorf("%s: %s; want %q", c.what, f, c.want)
			}
		}
	}
}
