package v1_test

import (
	"fmt"
	"strings"
	"testing"

	v1 "istio-tutorial/lab/rules/v1"
)

// TestAdmission holds what a cluster refuses of names and lists, and what it takes with a warning.
func TestAdmission(t *testing.T) {
	t.Parallel()
	object := func(kind, spec string) string {
		group := "networking.istio.io/v1"
		switch kind {
		case "AuthorizationPolicy":
			group = "security.istio.io/v1"
		case "HTTPRoute":
			group = "gateway.networking.k8s.io/v1"
		}
		return "apiVersion: " + group + "\nkind: " + kind + "\nmetadata: {name: x}\nspec: " + spec + "\n"
	}
	const to = "route: [{destination: {host: recommendation}}]"
	route := func(fields string) string {
		return object("VirtualService", "{hosts: [recommendation], http: [{"+fields+", "+to+"}]}")
	}
	httpRoute := func(rule string) string {
		return object("HTTPRoute", "{parentRefs: [{group: '', kind: Service, name: recommendation}], rules: ["+rule+"]}")
	}
	for text, want := range map[string]string{
		route("match: [{headers: {'a b': {exact: x}}}]"):                                                  `"a b" is not the name of a header`,
		route("match: [{withoutHeaders: {'a b': {exact: x}}}]"):                                           `"a b" is not the name of a header`,
		route("corsPolicy: {allowHeaders: ['a b']}"):                                                      `"a b" is not the name of a header`,
		route("headers: {request: {set: {'a b': x}}}"):                                                    "warns: sidecars answer 503",
		route("headers: {request: {remove: ['a b']}}"):                                                    "warns: sidecars answer 503",
		httpRoute("{matches: [{headers: [{name: 'a b', value: c}]}]}"):                                    `"a b" is not a name`,
		httpRoute("{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: ['a b']}}]}"): "<nil>",
		httpRoute("{backendRefs: [{port: 80}]}"):                                                          "backendRefs[0].name: missing",
		httpRoute(""):                                                                                     "spec.rules: missing",
		object("DestinationRule", "{host: recommendation, subsets: [{name: a}, {name: a}]}"):              "subsets[1].name: a given twice",
		object("DestinationRule", "{host: recommendation, trafficPolicy: {portLevelSettings: [{port: {number: 1}, tls: {}}, {port: {number: 1}, tls: {}}]}}"): "portLevelSettings[1] never acts: an earlier entry is for port 1",
		object("Sidecar", "{egress: [{hosts: []}]}"):             "egress[0].hosts: missing",
		object("AuthorizationPolicy", "{action: DENY}"):          "spec.rules: DENY without a rule denies nothing",
		object("AuthorizationPolicy", "{rules: [{from: [{}]}]}"): "from[0].source: missing",
		object("Gateway", "{servers: [{hosts: [a.b], port: {number: 80, name: a, protocol: HTTP}}, {hosts: [a.c], port: {number: 81, name: a, protocol: HTTP}}]}"): "port.name: a given twice",
		object("VirtualService", "{hosts: [recommendation], gateways: [one], http: [{match: [{gateways: [mesh]}], "+to+"}]}"):                                      "warns: never acts: the rule itself is for istio-tutorial/one alone",
		object("VirtualService", "{hosts: [recommendation], gateways: [one], tls: [{match: [{sniHosts: [recommendation], gateways: [mesh]}], "+to+"}]}"):           "warns: never acts: no server of its gateways has the mode PASSTHROUGH",
		object("VirtualService", "{hosts: [recommendation], tls: [{match: [{sniHosts: [a.test]}], "+to+"}]}"):                                                      `"a.test" is none of the rule's hosts`,
		object("VirtualService", "{hosts: [recommendation], tls: [{match: [{port: 1}], "+to+"}]}"):                                                                 "sniHosts: missing",
		object("VirtualService", "{hosts: [recommendation], tls: [{"+to+"}]}"):                                                                                     "tls[0].match: missing",
		object("VirtualService", "{hosts: [recommendation], tcp: [{match: [{port: 1}]}]}"):                                                                         "tcp[0].route: missing",
		object("VirtualService", "{hosts: [recommendation], tcp: [{match: [{destinationSubnets: [a]}], "+to+"}]}"):                                                 `"a" is neither an address nor a range`,
		object("VirtualService", "{hosts: [recommendation], tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], "+to+"}]}"):                                        "warns: never acts in the lab: no address within is known",
		object("VirtualService", "{hosts: [recommendation], tcp: [{"+to+"}]}"):                                                                                     "warns: its tcp routes never act for host recommendation: no port of it is TCP",
		object("VirtualService", "{hosts: [recommendation], tls: [{match: [{sniHosts: [recommendation]}], "+to+"}]}"):                                              "warns: its tls routes never act for host recommendation: no port of it is TLS or HTTPS",
		object("VirtualService", "{hosts: [recommendation], tcp: [{"+to+"}, {"+to+"}]}"):                                                                           "warns: VirtualService rule #1 not used (only the last rule can have no matches).",
		object("VirtualService", "{hosts: [recommendation], tcp: [{match: [{port: 1}], "+to+"}, {match: [{port: 1}], "+to+"}]}"):                                   "warns: VirtualService rule #1 not used (all matches used by prior rules).",
		object("VirtualService", "{tcp: [{"+to+"}]}"):                                                                                                              "a delegate, which has no hosts, has no tcp routes either",
		// What a cluster refuses is said first, also of what the lab does not do.
		object("AuthorizationPolicy", "{rules: [{from: [{source: {ipBlocks: ['*']}}]}]}"):                                                                       `ipBlocks[0]: "*" is neither an address of IP nor a range`,
		object("AuthorizationPolicy", "{rules: [{when: [{key: source.ip, notValues: [10.0.0.0/33]}]}]}"):                                                        `notValues[0]: "10.0.0.0/33" is neither an address`,
		object("AuthorizationPolicy", "{rules: [{from: [{source: {ipBlocks: []}}]}]}"):                                                                          "source: must not be empty",
		object("AuthorizationPolicy", "{targetRefs: [{kind: Pod, name: a}]}"):                                                                                   `"Pod" of group "" is none of Service`,
		object("AuthorizationPolicy", "{targetRef: {kind: Service, name: a}, selector: {matchLabels: {a: b}}}"):                                                 "only one of selector, targetRef and targetRefs",
		object("AuthorizationPolicy", "{targetRef: {kind: Service, name: a, namespace: b}}"):                                                                    "targetRef.namespace: must not be set",
		object("AuthorizationPolicy", "{provider: {name: a}, rules: [{}]}"):                                                                                     "only the action CUSTOM can have it",
		object("AuthorizationPolicy", "{action: CUSTOM, rules: [{}]}"):                                                                                          "provider.name: must not be empty",
		object("AuthorizationPolicy", "{action: CUSTOM, provider: {name: a}}"):                                                                                  "rules: CUSTOM without a rule",
		object("AuthorizationPolicy", "{action: CUSTOM, provider: {name: a}, rules: [{when: [{key: source.principal, values: [a]}]}]}"):                         "CUSTOM cannot have source.principal",
		object("AuthorizationPolicy", "{action: CUSTOM, provider: {name: a}, rules: [{from: [{source: {namespaces: [a]}}]}]}"):                                  "source.namespaces: the action CUSTOM cannot have it",
		object("DestinationRule", "{host: a.test, trafficPolicy: {tls: {mode: MUTUAL}}}"):                                                                       "clientCertificate: must not be empty",
		object("DestinationRule", "{host: a.test, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /a}}}"):                                                "privateKey: must not be empty",
		object("DestinationRule", "{host: a.test, trafficPolicy: {tls: {mode: SIMPLE, credentialName: a, caCertificates: /a}}}"):                                "credentialName: excludes clientCertificate",
		object("DestinationRule", "{host: a.test, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [a]}}}"):                       "insecureSkipVerify: excludes",
		object("AuthorizationPolicy", "{rules: [{from: [{source: {trustDomains: ['*a*']}}]}]}"):                                                                 "one * may stand at the beginning or at the end",
		object("AuthorizationPolicy", "{rules: [{from: [{source: {trustDomains: [a/b]}}]}]}"):                                                                   "a trust domain has no /",
		object("AuthorizationPolicy", "{rules: [{from: [{source: {serviceAccounts: [/a]}}]}]}"):                                                                 "want ACCOUNT or NAMESPACE/ACCOUNT, not \"/a\"",
		object("AuthorizationPolicy", "{rules: [{from: [{source: {serviceAccounts: [a/]}}]}]}"):                                                                 "want ACCOUNT or NAMESPACE/ACCOUNT, not \"a/\"",
		object("AuthorizationPolicy", "{rules: [{from: [{source: {serviceAccounts: [a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2, b3, b4, b5, b6, b7, b8]}}]}]}"): "17 of them, more than 16",
		object("AuthorizationPolicy", "{rules: [{when: [{key: 'source.ipx', values: [a]}]}]}"):                                                                  "is not a key of a condition",
		object("AuthorizationPolicy", "{rules: [{when: [{key: 'experimental.envoy.filters.a', values: [a]}]}]}"):                                                "want experimental.envoy.filters.NAME[KEY]",
		object("AuthorizationPolicy", "{rules: [{when: [{key: 'experimental.envoy.filters.a[b]', values: [a]}]}]}"):                                             "experimental.envoy.filters.a[b]: not supported by the lab",
		object("VirtualService", "{hosts: [recommendation], http: [{fault: {abort: {http2Error: a}}, "+to+"}]}"):                                                "http2Error: a cluster refuses it",
		object("VirtualService", "{hosts: [recommendation], http: [{fault: {delay: {exponentialDelay: 1s}}, "+to+"}]}"):                                         "exponentialDelay: a cluster refuses it",
		object("DestinationRule", "{host: a.test, trafficPolicy: {tunnel: {targetHost: '*.a', targetPort: 80}}}"):                                               "want a host, not a pattern",
		object("DestinationRule", "{host: a.test, trafficPolicy: {tunnel: {targetHost: a.b, targetPort: 80}, proxyProtocol: {}}}"):                              "tunnel and proxyProtocol exclude each other",
	} {
		loaded, err := parse(text, namespace)
		said := fmt.Sprint(err)
		if err == nil {
			for _, f := range v1.Findings(load(t, text), topology()) {
				said += "\nwarns: " + strings.TrimPrefix(f.Text, "Schema validation warning: ")
			}
			for _, r := range loaded {
				for _, f := range r.Warnings {
					_, reason, _ := strings.Cut(f.Text, " in HTTP: ")
					said += "\nwarns: " + reason
				}
			}
		}
		if !strings.Contains(said, want) {
			t.Errorf("%s\n%s\nwant %q", text, said, want)
		}
	}
}
