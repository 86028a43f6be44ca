package v1_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// gatewayOf has servers for some hosts.
func gatewayOf(name, selector string, hosts ...string) string {
	return fmt.Sprintf(`---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: %s, namespace: istio-tutorial}
spec: {selector: {istio: %s}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["%s"]}]}
`, name, selector, strings.Join(hosts, `", "`))
}

// through is a VirtualService of a gateway, which leads to a host of the tutorial.
func through(name, gateway, host, http string) string {
	return fmt.Sprintf(`---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %s, namespace: istio-tutorial}
spec: {hosts: ["%s"], gateways: [%s], http: [{%s}]}
`, name, host, gateway, http)
}

const toCustomer = "route: [{destination: {host: customer}}]"

// TestIstioGateway tells by host where the ingress leads.
func TestIstioGateway(t *testing.T) {
	t.Parallel()
	open := gatewayOf("gw", "ingressgateway", "*")
	for name, c := range map[string]struct {
		rules string
		want  string // HOST=RULE,RULE ...
	}{
		"no rule":          {open, ""},
		"no gateway":       {through("a", "gw", "a.test", toCustomer), ""},
		"all hosts":        {open + through("a", "gw", "*", toCustomer), "*=a"},
		"rule's host":      {open + through("a", "gw", "a.test", toCustomer), "a.test=a"},
		"gateway's host":   {gatewayOf("gw", "ingressgateway", "a.test") + through("a", "gw", "*", toCustomer), "a.test=a"},
		"both wild":        {gatewayOf("gw", "ingressgateway", "*.test") + through("a", "gw", "*.a.test", toCustomer), "*.a.test=a"},
		"other host":       {gatewayOf("gw", "ingressgateway", "b.test") + through("a", "gw", "a.test", toCustomer), ""},
		"own namespace":    {gatewayOf("gw", "ingressgateway", "./a.test") + through("a", "gw", "*", toCustomer), "a.test=a"},
		"named namespace":  {gatewayOf("gw", "ingressgateway", "istio-tutorial/*") + through("a", "gw", "*", toCustomer), "*=a"},
		"other namespace":  {gatewayOf("gw", "ingressgateway", "default/*") + through("a", "gw", "*", toCustomer), ""},
		"any namespace":    {gatewayOf("gw", "ingressgateway", "*/a.test") + through("a", "gw", "*", toCustomer), "a.test=a"},
		"other workload":   {gatewayOf("gw", "other", "*") + through("a", "gw", "*", toCustomer), ""},
		"full name":        {open + through("a", "istio-tutorial/gw", "*", toCustomer), "*=a"},
		"mesh alone":       {open + through("a", "mesh", "a.test", toCustomer), ""},
		"and mesh":         {open + through("a", "mesh, gw", "a.test", toCustomer), "a.test=a"},
		"match elsewhere":  {open + through("a", "gw", "*", "match: [{gateways: [mesh]}], "+toCustomer), ""},
		"match here":       {open + through("a", "mesh, gw", "a.test", "match: [{gateways: [gw]}], "+toCustomer), "a.test=a"},
		"of other pods":    {open + through("a", "gw", "*", "match: [{sourceLabels: {app: customer}}], "+toCustomer), ""},
		"other port":       {open + through("a", "gw", "*", "match: [{port: 8080}], "+toCustomer), ""},
		"two rules":        {open + through("a", "gw", "*", toCustomer) + through("b", "gw", "*", "match: [{uri: {prefix: /b}}], "+toCustomer), "*=b,a"},
		"exported to none": {open + strings.Replace(through("a", "gw", "*", toCustomer), "spec: {", "spec: {exportTo: [.], ", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			m := v1.Resolve(load(t, c.rules), topology())
			for _, h := range m.Gateway.Hosts {
				var loaded []string
				for _, r := range h.Routes {
					loaded = append(loaded, strings.TrimPrefix(r.From, "istio-tutorial/"))
					want := mesh.Service{Name: tutorial("customer")}.Host()
					if to := r.Destinations[0].Cluster; to.Host != want || to.Port != 8080 {
						t.Errorf("leads to %s", to.Key())
					}
				}
				got = append(got, h.Names[0]+"="+strings.Join(loaded, ","))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s, want %q", got, c.want)
			}
		})
	}
}

// TestIngressTwin leads every host to customer, as the Ingress of deploy/ does, and in its place.
func TestIngressTwin(t *testing.T) {
	t.Parallel()
	loaded, err := v1.Parse(file(t, istiofiles+"/v1/ingress.yml"), "default")
	if err != nil {
		t.Fatal(err)
	}
	top := topology()
	top.Ingresses = []mesh.Ingress{{
		Name: tutorial("customer"), Path: "/", Service: tutorial("customer"), Port: 8080,
	}}
	want := v1.Resolve(rules.Set{}, top)
	set := rules.Set{}.Apply(loaded...)
	beside := v1.Resolve(set, top)
	top.Ingresses = nil
	alone := v1.Resolve(set, top)
	if !reflect.DeepEqual(alone.Gateway, beside.Gateway) {
		t.Errorf("the Ingress still acts: %s", canonical(t, beside.Gateway))
	}
	for _, m := range []*mesh.Mesh{&want, &alone} {
		routes(func(r *mesh.Route) { r.From, r.Part = "", "" })(m)
	}
	if !reflect.DeepEqual(alone.Gateway, want.Gateway) {
		t.Errorf("gateway\n%s\nwant\n%s", canonical(t, alone.Gateway), canonical(t, want.Gateway))
	}
}

func TestGatewayFindings(t *testing.T) {
	t.Parallel()
	open := gatewayOf("gw", "ingressgateway", "a.test")
	for rules, want := range map[string]string{
		open + through("a", "gw", "a.test", toCustomer): "",
		gatewayOf("gw", "ingress", "*"):                 `IST0101 Error (Gateway istio-tutorial/gw) Referenced selector not found: "istio=ingress"`,
		open + through("a", "gw", "b.test", toCustomer): "IST0132 Warning (VirtualService istio-tutorial/a) one or more host [b.test] " +
			"defined in VirtualService istio-tutorial/a not found in Gateway istio-tutorial/gw.",
		open + through("a", "g", "a.test", toCustomer): `IST0101 Error (VirtualService istio-tutorial/a) Referenced gateway not found: "g"`,
	} {
		var got string
		if found := v1.Findings(load(t, rules), topology()); len(found) > 0 {
			got = found[0].String()
		}
		if got != want {
			t.Errorf("rules\n%s\nsaid %q, want %q", rules, got, want)
		}
	}
}
