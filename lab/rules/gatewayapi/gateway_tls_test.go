package gatewayapi_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/gatewayapi"
)

func gatewayWith(fields string) string {
	return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n" +
		"metadata: {name: web, namespace: a}\nspec: {gatewayClassName: istio, " + fields + "}\n"
}

// https is a listener that decrypts.
func https(name, host, tls string) string {
	return fmt.Sprintf("{name: %s, port: 443, protocol: HTTPS, hostname: %s, tls: %s}", name, host, tls)
}

func tlsRouteOf(fields string) string {
	return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\n" +
		"metadata: {name: passes, namespace: a}\nspec: {" + fields +
		"parentRefs: [{name: web}], hostnames: [a.test], rules: [{backendRefs: [{name: customer, port: 8080}]}]}\n"
}

func grantFor(secret string) string {
	return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: other}\n" +
		"spec: {from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: a}], " +
		"to: [{group: '', kind: Secret, name: " + secret + "}]}\n"
}

// keeping is the topology with Secrets: c and broken beside the Gateway, far elsewhere.
func keeping(t *testing.T) mesh.Topology {
	t.Helper()
	signer, err := identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := signer.Host("a.test")
	if err != nil {
		t.Fatal(err)
	}
	top := topology()
	add := func(namespace, name string, data map[string][]byte) {
		top.Credentials = append(top.Credentials, mesh.Credential{Name: mesh.Name{Namespace: namespace, Name: name}, Data: data})
	}
	whole := map[string][]byte{"tls.crt": pair.Certificate, "tls.key": pair.Key}
	add("a", "c", whole)
	add("a", "ca", map[string][]byte{"ca.crt": pair.Certificate})
	add("a", "broken", map[string][]byte{"tls.crt": pair.Certificate})
	add("other", "far", whole)
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	add("a", "weak", map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
	})
	return top
}

// TestDoors has what listeners take, and why others take nothing.
func TestDoors(t *testing.T) {
	t.Parallel()
	top := keeping(t)
	const c, frontend = "{certificateRefs: [{name: c}]}", "tls: {frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: Secret, name: %s}]%s}}}}, "
	route := "---\n" + routeOf("a", "{name: web}", "rules: [{backendRefs: [{name: customer, port: 8080}]}]")
	pass := "listeners: [{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}]"
	const invalid = "IST0171 Warning (Gateway a/web) A condition with a negative status is present: type=Accepted, " +
		"reason=ListenersNotValid, message=None of the Gateway's listeners are valid."
	shut := func(why string) string {
		return "[Warning (Gateway a/web) listener a takes no connections: " + why + " " + invalid + "]"
	}
	untold := func(why string) string {
		return "[Warning (Gateway a/web) listener a takes no connections: " + why + "]"
	}
	one := func(tls string) string { return gatewayWith("listeners: ["+https("a", "a.test", tls)+"]") + route }
	for name, x := range map[string]struct{ rules, doors, findings string }{
		"decrypted": {one(c), "[a.test]: c, clients 0 of , 1 hosts", "[]"},
		"no hostname": {
			gatewayWith("listeners: [{name: a, port: 443, protocol: HTTPS, tls: "+c+"}]") + route, "[*]: c, clients 0 of , 1 hosts", "[]",
		},
		"clients": {
			gatewayWith(fmt.Sprintf(frontend, "ca", "")+"listeners: ["+https("a", "a.test", c)+"]") + route, "[a.test]: c, clients 2 of ca, 1 hosts", "[]",
		},
		"clients of any kind": {
			gatewayWith(fmt.Sprintf(frontend, "ca", ", mode: AllowInsecureFallback")+"listeners: ["+https("a", "a.test", c)+"]") + route,
			"[a.test]: c, clients 3 of ca, 1 hosts", "[]",
		},
		"clients of nobody": {
			gatewayWith(fmt.Sprintf(frontend, "none", "")+"listeners: ["+https("a", "a.test", c)+"]") + route, "",
			shut("invalid CA certificate reference /Secret/none., secret a/none not found"),
		},
		"option": {
			one("{certificateRefs: [{name: c}], options: {gateway.istio.io/tls-terminate-mode: MUTUAL}}"), "",
			untold("invalid CA certificate reference, secret a/c: it has no authority for clients: key ca.crt"),
		},
		"another option": {
			one("{certificateRefs: [{name: c}], options: {example.com/a: b}}"), "[a.test]: c, clients 0 of , 1 hosts",
			"[Warning (Gateway a/web) example.com/a does nothing: Istio does not look at it]",
		},
		"no secret": {one("{certificateRefs: [{name: none}]}"), "", shut("invalid certificate reference /Secret/none., secret a/none not found")},
		"no key": {
			one("{certificateRefs: [{name: broken}]}"), "",
			shut("invalid certificate reference /Secret/broken., found secret, but didn't have expected keys (cert and key) or (tls.crt and tls.key); found: tls.crt"),
		},
		"a key that is too short": {
			one("{certificateRefs: [{name: weak}]}"), "",
			untold("invalid certificate reference /Secret/weak.: Envoy refuses its RSA key of 1024 bits, and takes those of 2048 bits and more"),
		},
		"far, without a grant": {
			one("{certificateRefs: [{name: far, namespace: other}]}"), "",
			shut(`certificateRef far/other not accessible to a Gateway in namespace "a" (missing a ReferenceGrant?)`),
		},
		"far":               {one("{certificateRefs: [{name: far, namespace: other}]}") + grantFor("far"), "[a.test]: far, clients 0 of , 1 hosts", "[]"},
		"another's grant":   {one("{certificateRefs: [{name: c}]}") + grantFor("b"), "[a.test]: c, clients 0 of , 1 hosts", "[]"},
		"led on":            {gatewayWith(pass) + tlsRouteOf(""), "[a.test]: , clients 0 of , 0 hosts", "[]"},
		"led on, by no one": {gatewayWith(pass), "", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := load(t, x.rules)
			m := gatewayapi.Resolve(set, top)
			var doors []string
			for _, d := range m.Gateway.Secure {
				if d.Closed {
					if d.Problem == "" || !strings.Contains(x.findings, d.Problem) || len(d.Routed) > 0 {
						t.Errorf("closed: %+v", d)
					}
					continue
				}
				doors = append(doors, fmt.Sprintf("%s: %s, clients %d of %s, %d hosts", d.Hosts, last(d.Secret), d.Clients, last(d.Authorities), len(d.Routed)))
			}
			if got := strings.Join(doors, "; "); got != x.doors {
				t.Errorf("doors %s, want %s", got, x.doors)
			}
			if got := fmt.Sprint(gatewayapi.Findings(set, top)); got != x.findings {
				t.Errorf("findings %s\nwant %s", got, x.findings)
			}
			if len(m.Gateway.Hosts) > 0 {
				t.Errorf("in plain text: %v", m.Gateway.Hosts)
			}
		})
	}
}

// TestLapsed warns of certificates that have expired, and opens the doors all the same.
func TestLapsed(t *testing.T) {
	t.Parallel()
	top := keeping(t)
	top.Credentials = append(top.Credentials, mesh.Credential{
		Name: mesh.Name{Namespace: "a", Name: "both"},
		Data: map[string][]byte{"tls.crt": first(top, "c", "tls.crt"), "tls.key": first(top, "c", "tls.key"), "ca.crt": first(top, "ca", "ca.crt")},
	})
	set := load(t, gatewayWith("listeners: ["+https("plain", "a.test", "{certificateRefs: [{name: c}]}")+", "+
		https("asks", "b.test", "{certificateRefs: [{name: both}], options: {gateway.istio.io/tls-terminate-mode: MUTUAL}}")+"]"))
	now := time.Now()
	for when, want := range map[time.Time][]string{
		now: nil,
		now.AddDate(20, 0, 0): {
			"listener plain: the certificate of Secret a/c has expired, on 20", "listener asks: the certificate of Secret a/both has expired, on 20",
			"listener asks: the authority for clients of Secret a/both has expired, on 20",
		},
		now.AddDate(-1, 0, 0): {
			"listener plain: the certificate of Secret a/c is not valid before 20", "listener asks: the certificate of Secret a/both is not valid before 20",
			"listener asks: the authority for clients of Secret a/both is not valid before 20",
		},
	} {
		at := top.At(when)
		said := fmt.Sprint(gatewayapi.Findings(set, at))
		if n := strings.Count(said, "Warning"); n != len(want) {
			t.Errorf("%v: %d findings: %s", when, n, said)
		}
		for _, w := range want {
			if !strings.Contains(said, w) {
				t.Errorf("%v: no %q in %s", when, w, said)
			}
		}
		for _, d := range gatewayapi.Resolve(set, at).Gateway.Secure {
			if d.Closed || d.Problem != "" {
				t.Errorf("%v: %+v", when, d)
			}
		}
	}
}

// first is a value of a Secret beside the Gateway.
func first(top mesh.Topology, name, key string) []byte {
	c, _ := top.Credential(mesh.Name{Namespace: "a", Name: name})
	return c.Data[key]
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// TestKindsOfListeners holds which routes a listener takes.
func TestKindsOfListeners(t *testing.T) {
	t.Parallel()
	both := gatewayWith("listeners: [{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}]") + tlsRouteOf("") +
		"---\n" + routeOf("a", "{name: web}", "rules: [{backendRefs: [{name: customer, port: 8080}]}]")
	found := fmt.Sprint(gatewayapi.Findings(load(t, both), keeping(t)))
	if want := "kind gateway.networking.k8s.io/v1/HTTPRoute is not allowed."; !strings.Contains(found, want) || strings.Contains(found, "TLSRoute") {
		t.Errorf("findings %s, want %s alone", found, want)
	}
	plain := gatewayWith("listeners: [{name: http, port: 80, protocol: HTTP}]") + tlsRouteOf("")
	found = fmt.Sprint(gatewayapi.Findings(load(t, plain), keeping(t)))
	if want := "kind gateway.networking.k8s.io/v1/TLSRoute is not allowed."; !strings.Contains(found, want) {
		t.Errorf("findings %s, want %s", found, want)
	}
}

// TestRefusedTLS holds what a cluster or the lab refuses of listeners.
func TestRefusedTLS(t *testing.T) {
	t.Parallel()
	const frontend = "tls: {frontend: {default: {validation: {caCertificateRefs: [%s]}}}}, listeners: [{name: a, port: 80, protocol: HTTP}]"
	for fields, want := range map[string]string{
		"listeners: [{name: a, port: 80, protocol: HTTP, tls: {}}]":                                                                     "spec.listeners[0].tls: must not be specified for protocol HTTP",
		"listeners: [{name: a, port: 443, protocol: TLS}]":                                                                              "spec.listeners[0].tls.mode: missing, for protocol TLS",
		"listeners: [" + https("a", "a.test", "{}") + "]":                                                                               "certificateRefs or options must be specified when mode is Terminate",
		"listeners: [" + https("a", "a.test", "{mode: Passthrough}") + "]":                                                              "must be Terminate for protocol HTTPS",
		"listeners: [{name: a, port: 443, protocol: TLS, tls: {mode: Terminate, certificateRefs: [{name: c}]}}]":                        "Terminate with protocol TLS: not supported by the lab",
		"listeners: [" + https("a", "a.test", "{certificateRefs: [{name: c}, {name: d}]}") + "]":                                        "certificateRefs: several: not supported by the lab",
		"listeners: [" + https("a", "a.test", "{options: {gateway.istio.io/tls-terminate-mode: ISTIO_MUTUAL}}") + "]":                   "ISTIO_MUTUAL: not supported by the lab",
		"listeners: [" + https("a", "a.test", "{certificateRefs: [{name: c}], options: {gateway.istio.io/tls-cipher-suites: a}}") + "]": "tls-cipher-suites]: not supported by the lab",
		fmt.Sprintf(frontend, ""):                                      "caCertificateRefs: missing",
		fmt.Sprintf(frontend, "{group: '', kind: ConfigMap, name: a}"): "kind: ConfigMap: not supported by the lab; want Secret",
	} {
		if err := parse(gatewayWith(fields)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", fields, err, want)
		}
	}
}
