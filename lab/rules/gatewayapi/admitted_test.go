package gatewayapi_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestAdmission holds what a real API server with Istio 1.31 takes and refuses of generated rules, where the
// lab once did otherwise.
func TestAdmission(t *testing.T) {
	t.Parallel()
	const (
		security   = "apiVersion: security.istio.io/v1\nkind: "
		networking = "apiVersion: networking.istio.io/v1\nkind: "
		from       = "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nspec: {from: [{namespace: a, "
		to         = "}], to: [{group: '', kind: Secret}]}"
		keys       = "jwksUri: 'https://a.test/'"
		servers    = "[{port: {number: 80, name: http, protocol: HTTP}, hosts: ["
		toCustomer = "http: [{route: [{destination: {host: customer}}]}]"
		gw         = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nspec: {listeners: [{name: a, port: 80, protocol: HTTP}]"
		parent     = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec: {parentRefs: [{name: g, "
	)
	long := strings.Repeat("x", 70)
	for text, refused := range map[string]string{
		security + "PeerAuthentication\nspec: {selector: {matchLabels: {a: b}}, portLevelMtls: {}}":                                                             "want at least one port",
		security + "PeerAuthentication\nspec: {selector: {matchLabels: {a: b}}, portLevelMtls: null}":                                                           "",
		security + "PeerAuthentication\nspec: {selector: {matchLabels: {a: 'b c'}}}":                                                                            "",
		security + "PeerAuthentication\nspec: {selector: {matchLabels: {'a b': '-c'}}}":                                                                         "",
		security + "PeerAuthentication\nspec: {selector: {matchLabels: {a: 'b*'}}}":                                                                             "has no *",
		security + "PeerAuthentication\nspec: {selector: {matchLabels: {a: " + long + "}}}":                                                                     "at most 63 letters",
		security + "PeerAuthentication\nspec: {selector: {matchLabels: {'': a}}}":                                                                               "must not be empty",
		networking + "Sidecar\nspec: {workloadSelector: {labels: {a.b/c: /}}, outboundTrafficPolicy: {mode: REGISTRY_ONLY}}":                                    "",
		networking + "Sidecar\nspec: {workloadSelector: {labels: {'': a}}, outboundTrafficPolicy: {mode: REGISTRY_ONLY}}":                                       "must not be empty",
		networking + "Sidecar\nspec: {workloadSelector: {labels: {a: '*'}}, outboundTrafficPolicy: {mode: REGISTRY_ONLY}}":                                      "has no *",
		networking + "ServiceEntry\nspec: {hosts: ['7'], ports: [{number: 80, name: a, protocol: HTTP}], resolution: DNS}":                                      `the top level "7" is a number`,
		networking + "ServiceEntry\nspec: {hosts: ['7'], ports: [{number: 80, name: a, protocol: HTTP}], resolution: NONE}":                                     "",
		networking + "Gateway\nspec: {servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: [a.test], tls: {mode: PASSTHROUGH}}]}":                   "PASSTHROUGH with protocol HTTPS: not supported by the lab",
		security + "RequestAuthentication\nspec: {jwtRules: [{issuer: a, jwks: '{\"keys\": []} x'}]}":                                                           "after top-level value: not supported by the lab",
		gw + ", gatewayClassName: istio, tls: {frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: Secret, name: a, namespace: a..b}]}}}}}": "caCertificateRefs[0].namespace",
		strings.Replace(gw, "HTTP}", "HTTP, allowedRoutes: {namespaces: {selector: {matchExpressions: [{}]}}}}", 1) + ", gatewayClassName: istio}":              "matchExpressions[0].key: missing",
		parent + "}], rules: [{backendRefs: [{name: 10.0.0.0/8, port: 80}]}]}":                                                                                  "",
		parent + "}], rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: httpbin.org/, port: 80}]}]}":                                    "",
		security + "AuthorizationPolicy\nspec: {selector: {matchLabels: {a: null}}}":                                                                            "",
		security + "RequestAuthentication\nspec: {jwtRules: [{issuer: '', " + keys + "}]}":                                                                      "issuer: must not be empty",
		security + "RequestAuthentication\nspec: {jwtRules: [{issuer: a, jwksUri: ''}]}":                                                                        "jwksUri: must not be empty",
		security + "RequestAuthentication\nspec: {jwtRules: [{issuer: a, " + keys + ", fromHeaders: [{name: 'a/b'}]}]}":                                         "",
		security + "RequestAuthentication\nspec: {jwtRules: [{issuer: a, " + keys + ", outputPayloadToHeader: 'a b'}]}":                                         "",
		security + "RequestAuthentication\nspec: {jwtRules: [{issuer: a, " + keys + ", outputClaimToHeaders: [{header: a.b, claim: c}]}]}":                      "is not the name of a header",
		networking + "DestinationRule\nspec: {host: customer, exportTo: [HTTP]}":                                                                                "",
		networking + "DestinationRule\nspec: {host: customer, exportTo: [a_b]}":                                                                                 "want ., * or a namespace",
		networking + "DestinationRule\nspec: {host: customer, subsets: [{name: a, labels: {b: null, c: " + long + "}}]}":                                        "",
		networking + "DestinationRule\nspec: {host: customer, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{to: {a: 100}}]}}}}":              "distribute[0].from: want a place",
		networking + "DestinationRule\nspec: {host: customer, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: /, to: {a: 100}}]}}}}":     "distribute[0].from: want a place",
		networking + "Gateway\nspec: {selector: {a: '*'}, servers: " + servers + "a.test]}]}":                                                                   "",
		networking + "Gateway\nspec: {servers: " + servers + "'123']}]}":                                                                                        "takes no short names",
		networking + "Gateway\nspec: {servers: " + servers + "a/b]}]}":                                                                                          "takes no short names",
		networking + "Gateway\nspec: {servers: " + servers + "a/*]}]}":                                                                                          "",
		networking + "VirtualService\nspec: {hosts: [customer], gateways: ['a.'], " + toCustomer + "}":                                                          "",
		networking + "VirtualService\nspec: {hosts: [customer], gateways: ['a/b.'], " + toCustomer + "}":                                                        "is not the name of a gateway",
		networking + "VirtualService\nspec: {hosts: [customer], gateways: ['123'], " + toCustomer + "}":                                                         "is not the name of a gateway",
		networking + "VirtualService\nspec: {hosts: [customer], gateways: [" + long + "], " + toCustomer + "}":                                                  "is not the name of a gateway",
		networking + "VirtualService\nspec: {hosts: [customer], gateways: [A/B.c], " + toCustomer + "}":                                                         `"B.c" is not the name of a gateway`,
		networking + "VirtualService\nspec: {hosts: [customer], http: [{redirect: {uri: /a, port: 0}}]}":                                                        "",
		from + "group: gateway.networking.k8s.io, kind: Gateway" + to:                                                                                           "",
		from + "kind: Gateway" + to:                                                               "from[0].group: missing",
		from + "group: null, kind: Gateway" + to:                                                  "from[0].group: missing",
		from + "group: A, kind: Gateway" + to:                                                     "from[0].group: \"A\"",
		from + "group: '', kind: 9a" + to:                                                         "from[0].kind: \"9a\" is not a kind",
		from + "group: '', kind: " + long + to:                                                    "is not a kind",
		from + "group: '', kind: A}], to: [{group: '', kind: A, name: ''}]}":                      "to[0].name: must not be empty",
		parent + "group: a/b}]}":                                                                  "parentRefs[0].group: \"a/b\"",
		security + "AuthorizationPolicy\nspec: {selector: {matchLabels: {a: b}}, targetRefs: []}": "only one of selector, targetRef and targetRefs",
		gw + "}":                       "spec.gatewayClassName: missing",
		gw + ", gatewayClassName: ''}": "spec.gatewayClassName: missing",
		gw + ", gatewayClassName: " + strings.Repeat("y", 254) + "}":                                                        "longer than 253 characters",
		parent + "port: 80}], rules: [{filters: [{type: RequestRedirect, requestRedirect: {}, extensionRef: {name: a}}]}]}": "the field of ExtensionRef must not be set",
		gw + ", gatewayClassName: istio, defaultScope: a}":                                                                  "want one of All, None",
		parent + "namespace: a_b}]}": "parentRefs[0].namespace: \"a_b\"",
		"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec: {parentRefs: [{name: " + strings.Repeat("y", 254) + "}]}": "parentRefs[0].name: longer than 253 characters",
		parent + "kind: '*'}]}":   "parentRefs[0].kind: \"*\" is not a kind",
		parent + "kind: Other}]}": "not supported by the lab",
	} {
		text = strings.Replace(text, "\nspec:", "\nmetadata: {name: a}\nspec:", 1)
		docs, err := document.Parse("a.yml", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		parse := v1.Parse
		if strings.HasPrefix(docs[0].APIVersion, gatewayapi.Group) {
			parse = gatewayapi.Parse
		}
		said := ""
		if _, err := parse(docs, "a"); err != nil {
			said = err.Error()
		}
		if (said == "") != (refused == "") || !strings.Contains(said, refused) {
			t.Errorf("%s\n%q, want %q", text, said, refused)
		}
	}
}
