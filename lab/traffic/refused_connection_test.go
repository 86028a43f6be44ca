package traffic_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/rulebook"
)

// Words of Envoy about connections on which TLS did not come about.
const (
	noCertificate = "TLS_error:|268435648:SSL_routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:TLS_error_end"
	expired       = "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:" +
		"verify_cert_failed:_X509_verify_cert:_certificate_verification_error_at_depth_0:_certificate_has_expired:TLS_error_end"
	brokenOff = "TLS_error:|268436498:SSL_routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE:TLS_error_end"
	noTLS     = "TLS_error|error:1000009c:SSL_routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end"
)

// connect gives the store a line about a connection, and waits until it is read.
func connect(t *testing.T, s *traffic.Store, e envoy.Connection) *traffic.Request {
	t.Helper()
	line, err := json.Marshal(map[string]any{"connection": e})
	if err != nil {
		t.Fatal(err)
	}
	s.Take(line)
	var r *traffic.Request
	labtest.Until(t, func() error {
		list := s.Requests(traffic.Query{ID: e.ID})
		if len(list) != 1 {
			return fmt.Errorf("%d with the id %s", len(list), e.ID)
		}
		r = list[0]
		return nil
	})
	return r
}

// TestWhyOfConnections holds what is said of connections that the ingress refused, and because of which rule.
func TestWhyOfConnections(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := traffic.New(c.now)
	t.Cleanup(s.Close)
	m := behindDoors()
	m.Gateway.Secure[0].Clients = mesh.MustProve
	m.Gateway.Secure[1].Problem = "Secret x/b: not found"
	s.Begin(rulebook.Version{Mesh: m, Find: findGateway}, true)(true)
	for id, x := range map[string]struct{ sni, door, flags, tls, words, rule, by string }{
		"a host of none": {"c.test", "", "NR", "", "no listener: the ingress refused the connection: no listener is for the host " +
			"c.test (Gateway gw: a.test, b.test).", "", "ingress"},
		"no host": {"", "", "NR", "", "no listener: the ingress refused the connection: the client named no host (SNI), and no " +
			"listener takes that (Gateway gw: a.test, b.test).", "", "ingress"},
		"a closed one": {"b.test", "", "NR", "", "no listener: the ingress refused the connection: listener b of Gateway gw, " +
			"which is for the host b.test, is closed: Secret x/b: not found.", "spec.listeners.b", "ingress"},
		"plain text": {"", "", "NR", noTLS, "no TLS: the ingress had no TLS with the client: it does not speak TLS. " +
			"Envoy says: HTTP REQUEST.", "", "ingress"},
		"no certificate": {"a.test", "door-a", "-", noCertificate, "no TLS: the ingress had no TLS with the client, which listener a " +
			"of Gateway gw asks for a certificate: it sent no certificate. Envoy says: PEER DID NOT RETURN A CERTIFICATE.",
			"spec.listeners.a", "ingress"},
		"an old certificate": {"a.test", "door-a", "-", expired, "no TLS: the ingress had no TLS with the client, which listener a " +
			"of Gateway gw asks for a certificate: its certificate has expired. Envoy says: CERTIFICATE VERIFY FAILED:verify cert failed: " +
			"X509 verify cert: certificate verification error at depth 0: certificate has expired.", "spec.listeners.a", "ingress"},
		"an unbelieving client": {"a.test", "door-a", "-", brokenOff, "no TLS: the ingress had no TLS with the client: it does not " +
			"believe the certificate that it got. Envoy says: SSLV3 ALERT BAD CERTIFICATE.", "", "nobody"},
	} {
		r := connect(t, s, envoy.Connection{
			Time: c.now().Add(20e6), Pod: "ingress", ID: id, Client: "127.0.0.1:9", SNI: x.sni, Door: x.door, Flags: x.flags, TLS: x.tls,
		})
		if got := string(r.Cause) + ": " + r.Words; got != x.words {
			t.Errorf("%s: %s", id, got)
		}
		if got := ruleOf(r); got != x.rule {
			t.Errorf("%s: by %q", id, got)
		}
		if got := r.Author(); got != x.by || !r.IsConnection() {
			t.Errorf("%s: made by %s", id, got)
		}
	}
	if rows := s.Table(traffic.SinceChange).Rows; len(rows) > 0 {
		t.Errorf("counted as calls: %v", rows)
	}
}

// TestFloodOfConnections has more connections refused than are kept: the requests stay, and the latest of them.
func TestFloodOfConnections(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	take(s, c, whole("fine", 200, hop{status: 200})...)
	for i := range 2500 {
		line, err := json.Marshal(map[string]any{"connection": envoy.Connection{
			Time: c.now(), Pod: "ingress", ID: fmt.Sprint("flood-", i), SNI: fmt.Sprint(i, ".test"), Flags: "NR",
		}})
		if err != nil {
			t.Fatal(err)
		}
		s.Take(line)
	}
	connect(t, s, envoy.Connection{Time: c.now(), Pod: "ingress", ID: "last", Flags: "NR"})
	kept := 0
	for _, r := range s.Requests(traffic.Query{}) {
		if r.IsConnection() {
			kept++
		}
	}
	if one := s.Requests(traffic.Query{ID: "fine"}); kept != 200 || len(one) != 1 || s.Dropped() > 0 {
		t.Errorf("%d connections are kept, %d requests, %d lines dropped", kept, len(one), s.Dropped())
	}
}
