package classic_test

import (
	"errors"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

func TestParseTheTutorialsFiles(t *testing.T) {
	t.Parallel()
	text := istiofiles(t, "recommendation_cb_policy_version_v2", "rate_limit_rule")
	rules, err := parse(text, "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range rules {
		keys = append(keys, r.Key.String())
	}
	want := "destination-policy/elsewhere/recommendation-circuitbreaker " +
		"quota/istio-system/requestcount rule/istio-system/quota"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("keys %s, want %s", got, want)
	}
	if rules[0].File() != "rules.yml" || rules[0].Line("") < 2 {
		t.Errorf("at %s:%d", rules[0].File(), rules[0].Line(""))
	}
}

// rule is a rule of a kind; its spec's own fields begin on line 5.
func rule(kind, spec string) string {
	return head + kind + "\nmetadata: {name: r}\nspec:\n" + spec
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const words = "want at most 63 lower-case letters, digits and hyphens"
	for name, c := range map[string]struct{ rules, want string }{
		"other version": {
			"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r}\n",
			`1: apiVersion: want config.istio.io/v1alpha2, not "networking.istio.io/v1"`,
		},
		"unknown kind": {
			rule("routerule", "  a: 1\n"),
			`2: kind: config.istio.io/v1alpha2 knows no "routerule"`,
		},
		"several at once": {
			aRouteRule + "  route:\n  - weight: 80\n  - labels: {\"a b\": c}\n    weight: 101\n" +
				"  httpFault:\n    delay: {percent: -1}\n",
			"6: spec.route: weights total 181, must total 100\n" +
				"8: spec.route[1].labels: key \"a b\": want letters, digits and - _ . /\n" +
				"9: spec.route[1].weight: percentage 101 is not in range 0..100\n" +
				"11: spec.httpFault.delay.percent: percentage -1 is not in range 0..100\n" +
				"11: spec.httpFault.delay.fixedDelay: missing",
		},
		"several documents": {
			aRouteRule + "  precedence: x\n---\n" + aRouteRule + "  rout: []\n",
			"6: spec.precedence: want a whole number (int32), not the string \"x\"\n13: spec.rout: unknown field",
		},
		"misspelt": {
			aRouteRule + "  httpReqTimeOut: {}\n",
			"6: spec.httpReqTimeOut: unknown field; did you mean httpReqTimeout?",
		},
		"duration": {
			aRouteRule + "  http_req_timeout: {simple_timeout: {timeout: 1}}\n",
			"6: spec.http_req_timeout.simple_timeout.timeout: want a duration such as 1s, 500ms or " +
				"1m30s, not 1",
		},
		"short duration": {
			aRouteRule + "  httpReqTimeout: {simpleTimeout: {timeout: 10us}}\n",
			"6: spec.httpReqTimeout.simpleTimeout.timeout: 10µs is shorter than 1ms",
		},
		"fine duration": {
			aRouteRule + "  httpReqTimeout: {simpleTimeout: {timeout: 1.0005s}}\n",
			"6: spec.httpReqTimeout.simpleTimeout.timeout: 1.0005s is not a whole number of milliseconds",
		},
		"weights of 0": {
			aRouteRule + "  route: [{weight: 0}, {weight: 0}]\n",
			"6: spec.route: weights total 0, must total 100",
		},
		"attempts": {
			aRouteRule + "  httpReqRetries: {simpleRetry: {attempts: -1}}\n",
			"6: spec.httpReqRetries.simpleRetry.attempts: -1 is negative\n" +
				"6: spec.httpReqRetries.simpleRetry.perTryTimeout: missing",
		},
		"status": {
			aRouteRule + "  httpFault: {abort: {httpStatus: 600}}\n",
			"6: spec.httpFault.abort.httpStatus: HTTP status 600 is not in 200-599",
		},
		"expression": {
			aRouteRule + "  match: {request: {headers: {x: {regex: \"(?!a)b\"}}}}\n",
			"6: spec.match.request.headers.x.regex: \"(?!a)b\": no regular expression: " +
				"error parsing regexp: invalid or unsupported Perl syntax: `(?!`",
		},
		"delay": {
			aRouteRule + "  httpFault: {delay: {fixedDelay: 2562047h47m16s}}\n",
			"6: spec.httpFault.delay.fixedDelay: longer than 9223372035 s, which Envoy refuses",
		},
		"header of a metric": {
			rule("metric", "  value: \"1\"\n  dimensions:\n    a: request.headers[\"a b\"]\n"),
			`7: spec.dimensions.a: "a b" is not the name of a header`,
		},
		"header's case": {
			aRouteRule + "  match:\n    request:\n      headers:\n        User-Agent: {exact: x}\n",
			"9: spec.match.request.headers.User-Agent: a header's name must be in lower case",
		},
		"header's value": {
			aRouteRule + "  match: {request: {headers: {x: {}, \"\": {}}}}\n",
			"6: spec.match.request.headers: a header's name must not be empty\n" +
				"6: spec.match.request.headers.x: want exact, prefix or regex",
		},
		"uri": {
			aRouteRule + "  match: {request: {headers: {uri: {prefix: \"\"}}}}\n",
			"6: spec.match.request.headers.uri.prefix: must not be empty",
		},
		"destination": {rule("RouteRule", "  precedence: 1\n"), "4: spec.destination: missing"},
		"labels": {
			rule("RouteRule", "  destination: {name: a, labels: {b: c}}\n"),
			"5: spec.destination.labels: must be empty: labels belong to spec.route",
		},
		"name": {
			rule("RouteRule", "  destination: {name: a_b, namespace: A, domain: x..y}\n"),
			"5: spec.destination.name: \"a_b\" is not a valid name: " + words + "\n" +
				"5: spec.destination.namespace: \"A\" is not a valid name: " + words + "\n" +
				"5: spec.destination.domain: domain name \"x..y\": \"\" is not a valid label: want at " +
				"most 63 lower-case letters, digits and hyphens",
		},
		"name and service": {
			rule("RouteRule", "  destination: {name: a, service: b}\n"),
			"5: spec.destination: either name or service, not both",
		},
		"service and more": {
			rule("RouteRule", "  destination: {service: b, namespace: c, domain: d}\n"),
			"5: spec.destination.namespace: not valid together with service\n" +
				"5: spec.destination.domain: not valid together with service",
		},
		"long domain": {
			rule("RouteRule", "  destination: {service: "+strings.Repeat("a.", 200)+"a}\n"),
			"5: spec.destination.service: longer than 255 characters",
		},
		"balance": {
			aPolicy + "  loadBalancing: {name: random}\n",
			`6: spec.loadBalancing.name: want ROUND_ROBIN, LEAST_CONN or RANDOM, not "random"`,
		},
		"no balance": {
			aPolicy + "  loadBalancing: {}\n",
			"6: spec.loadBalancing: name is required",
		},
		"breaker": {
			aPolicy +
				"  circuitBreaker:\n    simpleCb:\n      maxConnections: -1\n      sleepWindow: 2m\n",
			"7: spec.circuitBreaker.simpleCb.httpDetectionInterval: missing\n" +
				"8: spec.circuitBreaker.simpleCb.maxConnections: -1 is negative",
		},
		"egress": {
			rule("EgressRule", "  destination: {name: a, labels: {b: c}}\n"),
			"4: spec.ports: at least one port is required\n" +
				"5: spec.destination.name: an egress rule's destination has only service\n" +
				"5: spec.destination.labels: an egress rule's destination has only service\n" +
				"5: spec.destination.service: missing",
		},
		"egress ports": {
			rule("EgressRule", "  destination: {service: a}\n  ports:\n"+
				"  - {port: 0, protocol: http}\n  - {port: 0, protocol: udp}\n"),
			"7: spec.ports[0].port: 0 is not in range 1..65535\n" +
				"8: spec.ports[1].port: port 0 given twice\n" +
				"8: spec.ports[1].port: 0 is not in range 1..65535\n" +
				"8: spec.ports[1].protocol: want http, http2, grpc or https, not \"udp\"",
		},
		"action": {
			rule("rule", "  actions:\n  - handler: x\n    instances: [y.checknothing, z]\n"),
			"6: spec.actions[0].handler: want NAME.KIND or NAME.KIND.NAMESPACE, not \"x\"\n" +
				"7: spec.actions[0].instances[1]: want NAME.KIND or NAME.KIND.NAMESPACE, not \"z\"",
		},
		"denier": {
			rule("denier", "  status: {code: 17}\n"),
			"5: spec.status.code: 17 is not in range 0..16",
		},
		"list entry": {rule("listentry", "  {}\n"), "4: spec.value: missing"},
		"memquota": {
			rule("memquota", "  quotas:\n  - maxAmount: 0\n    overrides: [{maxAmount: 1}]\n"),
			"6: spec.quotas[0].name: missing\n6: spec.quotas[0].maxAmount: 0 is less than 1\n" +
				"6: spec.quotas[0].validDuration: missing\n" +
				"7: spec.quotas[0].overrides[0].validDuration: missing",
		},
		"egress to a path": {
			rule("EgressRule", "  destination: {service: a.b/x}\n  ports: [{port: 80, protocol: http}]\n"),
			"5: spec.destination.service: \"a.b/x\" is neither a domain name nor an address range",
		},
		"egress to an address": {
			rule("EgressRule", "  destination: {service: \"http://a.b\"}\n  ports: [{port: 80, protocol: http}]\n"),
			"5: spec.destination.service: \"http://a.b\" is neither a domain name nor an address range",
		},
		"quota spec": {
			rule("QuotaSpec", "  rules: [{quotas: [{charge: 1}]}]\n"),
			"5: spec.rules[0].quotas[0].quota: missing",
		},
		"binding": {
			rule("QuotaSpecBinding", "  quotaSpecs: [{}]\n  services: [{}]\n"),
			"5: spec.quotaSpecs[0].name: missing\n6: spec.services[0]: name or service is required",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules, err := parse(c.rules, namespace)
			want := "rules.yml:" + strings.ReplaceAll(c.want, "\n", "\nrules.yml:")
			if rules != nil || err == nil || err.Error() != want {
				t.Errorf("%d rules, error\n%v\nwant\n%s", len(rules), err, want)
			}
			if list := (document.Errors)(nil); !errors.As(err, &list) {
				t.Errorf("error is a %T, want Errors", err)
			}
		})
	}
}

// What 0.7.1 knew and the lab does not, refused by name. The package comment lists the same.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	egress := func(host, protocol string) string {
		return rule("EgressRule", "  destination: {service: \""+host+"\"}\n"+
			"  ports: [{port: 80, protocol: "+protocol+"}]\n")
	}
	for _, c := range []struct{ what, rules string }{
		{"spec.l4Fault", aRouteRule + "  l4Fault: {}\n"},
		{"spec.match.tcp", aRouteRule + "  match: {tcp: {}}\n"},
		{"spec.match.udp", aRouteRule + "  match: {udp: {}}\n"},
		{"spec.httpReqTimeout.custom", aRouteRule + "  httpReqTimeout: {custom: {}}\n"},
		{"spec.httpReqRetries.custom", aRouteRule + "  httpReqRetries: {custom: {}}\n"},
		{
			"spec.httpFault.delay.exponentialDelay",
			aRouteRule + "  httpFault: {delay: {exponentialDelay: 1s}}\n",
		},
		{"spec.httpFault.abort.grpcStatus", aRouteRule + "  httpFault: {abort: {grpcStatus: x}}\n"},
		{"spec.httpFault.abort.http2Error", aRouteRule + "  httpFault: {abort: {http2Error: x}}\n"},
		{"spec.loadBalancing.custom", aPolicy + "  loadBalancing: {custom: {}}\n"},
		{"spec.circuitBreaker.custom", aPolicy + "  circuitBreaker: {custom: {}}\n"},
		{"spec.ports[0].protocol: tcp", egress("a", "tcp")},
		{"spec.ports[0].protocol: Mongo", egress("a", "Mongo")},
		{"spec.destination.service: address range 10.0.0.0/8", egress("10.0.0.0/8", "http")},
		{"spec.useEgressProxy", egress("a", "http") + "  useEgressProxy: true\n"},
		{"spec.actions[0].handler: kind stdio", rule("rule", "  actions: [{handler: a.stdio}]\n")},
		{
			"spec.actions[0].instances[0]: kind logentry",
			rule("rule", "  actions: [{handler: a.denier, instances: [b.logentry]}]\n"),
		},
		{"spec.status.details", rule("denier", "  status: {details: [1]}\n")},
		{"spec.providerUrl", rule("listchecker", "  providerUrl: x\n")},
		{"spec.entryType: REGEX", rule("listchecker", "  entryType: REGEX\n")},
		{"spec.rules[0].match", rule("QuotaSpec", "  rules: [{match: [{}]}]\n")},
		{"spec.value: other than 1", rule("metric", "  value: response.code\n")},
		{"spec.services[0].labels", rule("QuotaSpecBinding", "  services: [{name: a, labels: {b: c}}]\n")},
		{"spec.metrics[0].buckets", rule("prometheus", "  metrics: [{buckets: {}}]\n")},
		{
			`spec.metrics[0].kind: "GAUGE", other than COUNTER`,
			rule("prometheus", "  metrics: [{name: a, instanceName: b.metric.c, kind: GAUGE}]\n"),
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			want := ": " + c.what + ": not supported by the lab"
			if _, err := parse(c.rules, namespace); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want …%s", err, want)
			}
		})
	}
}

func TestUnsupportedFieldsThatSayNothing(t *testing.T) {
	t.Parallel()
	text := aRouteRule + "  websocketUpgrade: no\n  redirect:\n" +
		"  httpReqTimeout: {simpleTimeout: {timeout: 1s, overrideHeaderName: \"\"}}\n"
	if _, err := parse(text, namespace); err != nil {
		t.Error(err)
	}
}

func TestServicesMayBeWild(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"*", "*.foo.com", "*foo.com", "*-bar.foo.com", "foo.com"} {
		text := rule("RouteRule", "  destination: {service: \""+service+"\"}\n")
		if _, err := parse(text, namespace); err != nil {
			t.Error(err)
		}
	}
	for _, service := range []string{"**", "foo.*.com", "*..com", "foo.com."} {
		text := rule("RouteRule", "  destination: {service: \""+service+"\"}\n")
		if _, err := parse(text, namespace); err == nil {
			t.Errorf("%s is accepted", service)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(aRouteRule + "  route: [{labels: {a: b}}]\n  httpFault: {abort: {percent: 1, httpStatus: 500}}\n")
	f.Add(aRouteRule + "  match: {source: {name: a}, request: {headers: {uri: {regex: a}}}}\n  mirror: {name: a}\n")
	f.Add(aPolicy + "  circuitBreaker: {simpleCb: {sleepWindow: 1s, httpDetectionInterval: 1s}}\n")
	f.Add(rule("EgressRule", "  destination: {service: a}\n  ports: [{port: 1, protocol: https}]\n"))
	f.Add(aMixerRule + "  match: 'a.b[\"c\"] | 1 == \"d\" && e'\n" + deniesAll + mixerObjects)
	f.Add(aMixerRule + "  match: request.path | \"a\" != \"b\" && request.headers[\"c\"].startsWith(\"d\")\n" + deniesAll + mixerObjects)
	f.Add(rule("memquota", "  quotas: [{name: a, maxAmount: 1, validDuration: 1s}]\n"))
	f.Add(rule("QuotaSpecBinding", "  services: [{name: a}]\n  quotaSpecs: [{name: a}]\n"))
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parse(text, namespace)
		if err != nil {
			return
		}
		set, top := rules.Set{}.Apply(list...), topology()
		m := classic.Resolve(set, top)
		if len(m.Sidecars) != len(top.Workloads) {
			t.Errorf("%d sidecars for %d workloads", len(m.Sidecars), len(top.Workloads))
		}
		classic.Findings(set, top)
		if _, err := classic.Effective(set, top, recommendationFrom("preference-v1")); err != nil {
			t.Error(err)
		}
	})
}
