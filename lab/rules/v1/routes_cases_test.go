package v1_test

import (
	"fmt"
	"strings"
	"testing"

	v1 "istio-tutorial/lab/rules/v1"
)

const toIt = `route: [{destination: {host: recommendation}}]`

func routing(name, spec string) string { return object("VirtualService", name, spec) }

// TestOverlaps holds IST0131 and IST0130 as istioctl words them, and nothing else beside.
func TestOverlaps(t *testing.T) {
	t.Parallel()
	const covered = "IST0131 Info (VirtualService istio-tutorial/v) VirtualService rule %s match %s of prefix %s is " +
		"not used (duplicate/overlapping match in rule %s of prefix %s on %s)."
	first := func(rule, match, prefix, inRule, inPrefix, on string) string {
		return fmt.Sprintf(covered, rule, match, prefix, inRule, inPrefix, on)
	}
	for name, c := range map[string]struct{ first, later, want string }{
		"prefix":         {"uri: {prefix: /api}", "uri: {prefix: /apis}", first("#1", "#0", "/apis", "#0", "/api", "#0")},
		"root":           {"uri: {prefix: /}", "uri: {prefix: /a}", first("#1", "#0", "/a", "#0", "/", "#0")},
		"wider later":    {"uri: {prefix: /apis}", "uri: {prefix: /api}", ""},
		"exact":          {"uri: {exact: /api}", "uri: {prefix: /apis}", ""},
		"named match":    {"name: a, uri: {prefix: /a}", "name: b, uri: {prefix: /ab}", first("#1", `"b"`, "/ab", `"a"`, "/a", "#0")},
		"same header":    {"uri: {prefix: /a}, headers: {h: {exact: x}}", "uri: {prefix: /ab}, headers: {h: {exact: x}}", first("#1", "#0", "/ab", "#0", "/a", "#0")},
		"more headers":   {"uri: {prefix: /a}", "uri: {prefix: /ab}, headers: {h: {exact: x}}", ""},
		"another header": {"uri: {prefix: /a}, headers: {h: {exact: x}}", "uri: {prefix: /ab}, headers: {g: {exact: x}}", ""},
		"without":        {"uri: {prefix: /a}, withoutHeaders: {h: {exact: x}}", "uri: {prefix: /ab}", ""},
		"query":          {"uri: {prefix: /a}, queryParams: {q: {exact: x}}", "uri: {prefix: /ab}, queryParams: {q: {exact: z}}", ""},
		"other port":     {"uri: {prefix: /a}, port: 8080", "uri: {prefix: /ab}", ""},
		"GET":            {"uri: {prefix: /a}, method: {exact: GET}", "uri: {prefix: /ab}", first("#1", "#0", "/ab", "#0", "/a", "#0")},
		"POST":           {"uri: {prefix: /a}, method: {exact: POST}", "uri: {prefix: /ab}", ""},
		"authority":      {"uri: {prefix: /a}, authority: {exact: x}", "uri: {prefix: /ab}, authority: {exact: z}", ""},
		"the same": {
			"name: a, uri: {prefix: /a}", "name: b, uri: {prefix: /a}",
			`IST0131 Info (VirtualService istio-tutorial/v) VirtualService rule #1 match "b" is not used (duplicate/overlapping match in rule #0).` +
				"\nIST0130 Warning (VirtualService istio-tutorial/v) VirtualService rule #1 not used (all matches used by prior rules).",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said(t, routing("v", `{hosts: [recommendation], http: [{match: [{`+c.first+`}], `+toIt+`}, {match: [{`+c.later+`}], `+toIt+`}]}`), c.want)
		})
	}
}

// said holds the findings with a code of istioctl's.
func said(t *testing.T, rules, want string) {
	t.Helper()
	var got []string
	for _, f := range v1.Findings(load(t, rules), topology()) {
		if f.Code != "" {
			got = append(got, f.String())
		}
	}
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestAdmissionWarns(t *testing.T) {
	t.Parallel()
	const subject = "Warning (VirtualService istio-tutorial/v) "
	for _, c := range []struct{ http, want string }{
		{`{mirror: {host: customer}, mirror_percent: 50, mirrorPercentage: {value: 0.0}, ` + toIt + `}`, "IST0133 " + subject +
			`Schema validation warning: using deprecated setting "mirrorPercent", use "mirrorPercentage" instead`},
		{`{mirror: {host: customer, subset: x}, ` + toIt + `}`,
			`IST0101 Error (VirtualService istio-tutorial/v) Referenced mirror+subset in destinationrule not found: "customer+x"`},
		{`{fault: {abort: {percentage: {value: 1}}}, ` + toIt + `}`, "IST0133 " + subject +
			"Schema validation warning: abort configured, but error type not set"},
	} {
		said(t, routing("v", `{hosts: [recommendation], http: [`+c.http+`]}`), c.want)
	}
}

// TestNeverActs holds what only the lab says.
func TestNeverActs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rules, want string }{
		"abort without a share":  {routing("v", `{hosts: [recommendation], http: [{fault: {abort: {httpStatus: 403}}, `+toIt+`}]}`), "spec.http[0].fault.abort never acts: it has no percentage, which is 0"},
		"delay without a share":  {routing("v", `{hosts: [recommendation], http: [{fault: {delay: {fixedDelay: 1s}}, `+toIt+`}]}`), "spec.http[0].fault.delay never acts: it has no percentage"},
		"abort of 0":             {routing("v", `{hosts: [recommendation], http: [{fault: {abort: {httpStatus: 403, percentage: {value: 0}}}, `+toIt+`}]}`), "never acts: its percentage is 0"},
		"gateways of a match":    {routing("v", `{hosts: [recommendation], gateways: [one], http: [{match: [{gateways: [mesh]}], `+toIt+`}]}`), "never acts: the rule itself is for istio-tutorial/one alone"},
		"gateways and labels":    {routing("v", `{hosts: [recommendation], http: [{match: [{gateways: [mesh], sourceLabels: {app: customer}}], `+toIt+`}]}`), "the caller is not looked at"},
		"no delegate":            {routing("v", `{hosts: [recommendation], http: [{delegate: {name: x}}]}`), "never acts: there is no VirtualService istio-tutorial/x"},
		"a delegate with hosts":  {routing("v", `{hosts: [recommendation], http: [{delegate: {name: x}}]}`) + "---\n" + routing("x", `{hosts: [customer], http: [{`+toIt+`}]}`), "has hosts of its own"},
		"a hidden delegate":      {routing("v", `{hosts: [recommendation], http: [{delegate: {name: x, namespace: external}}]}`) + "---\n" + strings.Replace(routing("x", `{exportTo: ["."], http: [{`+toIt+`}]}`), "{name: x}", "{name: x, namespace: external}", 1), "is not exported to namespace istio-tutorial"},
		"nobody's delegate":      {routing("x", `{http: [{`+toIt+`}]}`), "no other VirtualService delegates to it"},
		"beyond its root":        {routing("v", `{hosts: [recommendation], http: [{match: [{uri: {prefix: /a}}], delegate: {name: x}}]}`) + "---\n" + routing("x", `{http: [{match: [{uri: {prefix: /b}}], `+toIt+`}]}`), "its match is not within the one of spec.http[0]"},
		"other zones":            {routing("v", `{hosts: [recommendation], http: [{retries: {attempts: 1, retryRemoteLocalities: true}, `+toIt+`}]}`), "retryRemoteLocalities has no effect in the lab"},
		"localities":             {object("DestinationRule", "d", `{host: recommendation, trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: true}}}}`), "localityLbSetting has no effect in the lab"},
		"other places":           {object("ServiceEntry", "e", `{hosts: [a.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 127.0.0.1, locality: a/b}]}`), "locality and network have no effect in the lab"},
		"another network":        {object("ServiceEntry", "e", `{hosts: [a.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 127.0.0.1, network: far}]}`), "locality and network have no effect in the lab"},
		"warm-up by hash":        {object("DestinationRule", "d", `{host: recommendation, trafficPolicy: {loadBalancer: {simple: RANDOM, warmup: {duration: 1s}}}}`), "warmup never acts"},
		"keepalive between pods": {object("DestinationRule", "d", `{host: recommendation, trafficPolicy: {connectionPool: {tcp: {tcpKeepalive: {time: 1s}}}}}`), "acts on connections to hosts outside only"},
		"no name of HTTP":        {routing("v", `{hosts: [recommendation], http: [{headers: {request: {set: {"a b": x}}}, `+toIt+`}]}`), `"a b" is not the name of a header in HTTP`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := fmt.Sprint(v1.Findings(load(t, c.rules), topology())); !strings.Contains(found, c.want) {
				t.Errorf("findings %s, want %q", found, c.want)
			}
		})
	}
}

// TestAdmissionOfRoutes holds what admission takes, and what it refuses.
func TestAdmissionOfRoutes(t *testing.T) {
	t.Parallel()
	policy := func(text string) string {
		return object("DestinationRule", "d", `{host: recommendation, trafficPolicy: {`+text+`}}`)
	}
	route := func(text string) string {
		return routing("v", `{hosts: [recommendation], http: [{`+text+`, `+toIt+`}]}`)
	}
	for text, want := range map[string]string{
		route(`match: [{withoutHeaders: {h: {regex: "*"}}}]`):                                                                        "",
		route(`match: [{headers: {h: {regex: "*"}}}]`):                                                                               "regex",
		route(`match: [{queryParams: {q: {}}, method: {}, authority: {}, scheme: {}, uri: {}}]`):                                     "",
		route(`match: [{uri: {prefix: ""}}]`):                                                                                        "",
		route(`match: [{method: {prefix: ""}}]`):                                                                                     "must not be empty",
		route(`headers: {request: {add: {Host: a}, set: {x: z}}}`):                                                                   "",
		route(`headers: {request: {set: {":authority": a}}}`):                                                                        "",
		route(`headers: {request: {set: {":path": a}}}`):                                                                             "may not be changed by",
		route(`headers: {request: {remove: [host]}}`):                                                                                "may not be changed by",
		route(`headers: {response: {add: {Host: a}}}`):                                                                               "may not be changed by",
		route(`headers: {request: {add: {Host: a}}}, rewrite: {authority: b}`):                                                       "set more than once",
		route(`fault: {abort: {grpcStatus: NOT_FOUND}}`):                                                                             "",
		route(`fault: {abort: {grpcStatus: NOT_THERE}}`):                                                                             "not a status of gRPC",
		route(`corsPolicy: {allowOrigins: [{regex: "("}]}`):                                                                          "regex",
		route(`corsPolicy: {allowOrigins: [{prefix: ""}]}`):                                                                          "not empty",
		route(`corsPolicy: {allowMethods: [FETCH]}`):                                                                                 "allowMethods[0]",
		route(`corsPolicy: {maxAge: 1.5s}`):                                                                                          "whole number",
		routing("v", `{gateways: [mesh], http: [{`+toIt+`}]}`):                                                                       "has no gateways",
		routing("v", `{http: [{delegate: {name: x}}]}`):                                                                              "cannot delegate",
		routing("v", `{hosts: [a], http: [{delegate: {name: x}, `+toIt+`}]}`):                                                        "exclude each other",
		object("DestinationRule", "d", `{host: recommendation, subsets: [{name: a}, {name: a}]}`):                                    "given twice",
		policy(`portLevelSettings: [{port: {number: 1}, tls: {mode: SIMPLE}}, {port: {number: 1}, loadBalancer: {simple: RANDOM}}]`): "",
		policy(`portLevelSettings: [{port: {number: 1}}]`):                                                                           "want at least one field",
		policy(`retryBudget: {percent: 10}`):                                                                                         "",
		policy(`retryBudget: {percent: 101}`):                                                                                        "not in 0-100",
		policy(`connectionPool: {http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}}`):                                        "exclude each other",
		policy(`outlierDetection: {consecutiveLocalOriginFailures: 2}`):                                                              "splitExternalLocalOriginErrors",
		policy(`loadBalancer: {warmup: {aggression: 1}}`):                                                                            "missing",
		policy(`loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {b: 50}}]}}`):                                          "total 50",
	} {
		_, err := parse(text, namespace)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s\nerror %v, want %q", text, err, want)
		}
	}
}
