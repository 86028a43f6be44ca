package v1_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestClaims holds which of several ServiceEntries has a host, and that the others are told.
func TestClaims(t *testing.T) {
	t.Parallel()
	entry := func(name, host, spec string) string {
		return object("ServiceEntry", name, "{hosts: ["+host+"], resolution: DNS, "+spec+"}") + "---\n"
	}
	const http, https = "ports: [{number: 80, name: a, protocol: HTTP}]", "ports: [{number: 443, name: b, protocol: TLS}]"
	elsewhere := func(s string) string { return strings.Replace(s, "{name: b}", "{name: b, namespace: default}", 1) }
	for name, c := range map[string]struct{ rules, ports, told string }{
		"one": {entry("a", "x.com", http), "80 http", ""},
		"the same ports": {
			entry("a", "x.com", http) + entry("b", "x.com", http), "80 http",
			"(ServiceEntry istio-tutorial/b) never acts for host x.com: ServiceEntry istio-tutorial/a, which is older, has the same ports",
		},
		"other ports": {entry("a", "x.com", http) + entry("b", "x.com", https), "80 http 443 tcp", ""},
		"other ports, of another namespace": {
			entry("a", "x.com", http) + elsewhere(entry("b", "x.com", https)), "80 http",
			"(ServiceEntry default/b) never acts for host x.com: ServiceEntry istio-tutorial/a, which is older, has it",
		},
		"another protocol": {
			entry("a", "x.com", http) + entry("b", "x.com", strings.Replace(http, "HTTP", "TLS", 1)), "80 http",
			`IST0177 Warning (ServiceEntry istio-tutorial/a) Multiple ServiceEntries (istio-tutorial/a, istio-tutorial/b) define ` +
				`the same host "x.com" and port 80 with conflicting protocols (HTTP, TLS).`,
		},
		"for the client's namespace alone": {
			elsewhere(entry("b", "x.com", https)) + entry("c", "x.com", http+", exportTo: [istio-tutorial]"), "80 http", "",
		},
		"a Service's": {
			entry("a", "recommendation.istio-tutorial.svc.cluster.local", http), "",
			"never acts for host recommendation.istio-tutorial.svc.cluster.local: the Service of that name does",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := load(t, c.rules)
			s, _ := v1.Resolve(set, topology()).SidecarOf(tutorial("customer-v1"))
			var ports []string
			for _, h := range s.Outbound.Hosts {
				if h.Names[0] == "x.com" {
					protocol := "tcp"
					if h.Routes[0].Retry != nil {
						protocol = "http"
					}
					ports = append(ports, fmt.Sprint(h.Port, " ", protocol))
				}
			}
			if got := strings.Join(ports, " "); got != c.ports {
				t.Errorf("ports %s, want %s", got, c.ports)
			}
			found := fmt.Sprint(v1.Findings(set, topology()))
			if !strings.Contains(found, c.told) || c.told == "" && found != "[]" {
				t.Errorf("findings %s, want %q", found, c.told)
			}
		})
	}
}

// TestServiceBesideEntry holds that a host has one virtual host for each port, whoever claims it.
func TestServiceBesideEntry(t *testing.T) {
	t.Parallel()
	text := object("ServiceEntry", "a", "{hosts: [recommendation.istio-tutorial.svc.cluster.local], resolution: DNS, "+
		"ports: [{number: 8080, name: a, protocol: HTTP}]}")
	s, _ := v1.Resolve(load(t, text), topology()).SidecarOf(tutorial("customer-v1"))
	seen := map[string]int{}
	for _, h := range s.Outbound.Hosts {
		for _, name := range h.Names {
			seen[fmt.Sprint(name, ":", h.Port)]++
		}
	}
	for name, n := range seen {
		if n > 1 {
			t.Errorf("%s is there %d times", name, n)
		}
	}
}

// TestUnsentHeader is about headers that no program passes on: only conditions inside the mesh.
func TestUnsentHeader(t *testing.T) {
	t.Parallel()
	const told = "never matches on its way: no program passes header %s on, so that only a call by hand has it; passed on are user-agent, "
	top := topology()
	top.Ingresses = []mesh.Ingress{{Service: tutorial("customer")}}
	vs := func(host, gateways, header string) string {
		return routing("v", "{hosts: ["+host+"], gateways: ["+gateways+"], http: [{match: [{headers: {"+header+": {exact: a}}}], "+toIt+"}]}")
	}
	for _, c := range []struct {
		rules, header string
		want          bool
	}{
		{vs("recommendation", "", "end-user"), "end-user", true},
		{vs("preference", "mesh", "cookie"), "cookie", true},
		{vs("recommendation", "", "user-agent"), "user-agent", false},
		{vs("recommendation", "", "baggage"), "baggage", false},
		{vs("recommendation", "", "x-forwarded-proto"), "x-forwarded-proto", false},
		{vs("recommendation", "g", "end-user"), "end-user", false},
		{vs("recommendation", "g, mesh", "end-user"), "end-user", false},
		{vs("customer", "", "end-user"), "end-user", false},
		{routing("v", "{hosts: [recommendation], http: [{match: [{withoutHeaders: {end-user: {}}}], "+toIt+"}]}"), "end-user", false},
		{routing("v", "{hosts: [recommendation], http: [{match: [{sourceLabels: {app: preference}}], "+toIt+"}]}"), "", false},
	} {
		found := fmt.Sprint(v1.Findings(load(t, c.rules), top))
		if got := strings.Contains(found, fmt.Sprintf(told, c.header)); got != c.want {
			t.Errorf("%s\nfindings %s", c.rules, found)
		}
	}
}

// TestUnclaimedPort holds that a route to a port that only an entry without the host names leads nowhere.
func TestUnclaimedPort(t *testing.T) {
	t.Parallel()
	entry := func(namespace string, port int) string {
		return strings.Replace(object("ServiceEntry", "a", fmt.Sprintf("{hosts: [x.com], resolution: DNS, "+
			"ports: [{number: %d, name: a, protocol: HTTP}]}", port)), "{name: a}", "{name: a, namespace: "+namespace+"}", 1) + "---\n"
	}
	const route = "{hosts: [recommendation], http: [{route: [{destination: {host: x.com, port: {number: 8081}}}]}]}"
	for second, want := range map[string]bool{"istio-tutorial": true, "default": false} {
		set := load(t, entry("istio-tutorial", 80)+strings.Replace(entry(second, 8081), "{name: a,", "{name: b,", 1)+routing("v", route))
		s, _ := v1.Resolve(set, topology()).SidecarOf(tutorial("customer-v1"))
		got := slices.ContainsFunc(s.Outbound.Clusters, func(c mesh.Upstream) bool { return c.Cluster.Host == "x.com" && c.Cluster.Port == 8081 })
		if got != want {
			t.Errorf("second entry in %s: the cluster is there: %t, want %t", second, got, want)
		}
	}
}
