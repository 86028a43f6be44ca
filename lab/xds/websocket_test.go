package xds_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
)

// echoSocket is a program that changes the protocol, and then sends back each line.
func echoSocket(rw http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" {
		rw.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	conn, buffer, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if line, err := buffer.ReadString('\n'); err == nil {
		fmt.Fprint(conn, "echo ", line)
	}
}

// upgrade asks a proxy for a WebSocket of a URL, and says a line there; the answer is the status, and
// what comes back.
func upgrade(t *testing.T, proxy, address string) string {
	t.Helper()
	conn, err := net.Dial("tcp", proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(labtest.Deadline)); err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s/ HTTP/1.1\r\nHost: %s\r\n"+
		"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", address, to.Host)
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Sprint(resp.StatusCode)
	}
	fmt.Fprint(conn, "hello\n")
	line, err := reader.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(line))
}

const switched = "101 echo hello"

// TestWebsocketOf2018 lets a client change the protocol where its rule says so, and there alone.
func TestWebsocketOf2018(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", echoSocket)
	w.mustPush(w.mesh(ruleOf2018("  websocketUpgrade: true\n")))
	if got := upgrade(t, preference.Proxy, recommendation); got != switched {
		t.Errorf("with the rule: %s", got)
	}
	w.mustPush(w.mesh(ruleOf2018("  precedence: 1\n")))
	if got := upgrade(t, preference.Proxy, recommendation); strings.HasPrefix(got, "101") {
		t.Errorf("with another rule: %s", got)
	}
	w.mustPush(w.mesh())
	if got := upgrade(t, preference.Proxy, recommendation); strings.HasPrefix(got, "101") {
		t.Errorf("without a rule: %s", got)
	}
}

// TestWebsocket lets every client of today change the protocol, whatever the rule.
func TestWebsocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", echoSocket)
	for name, list := range map[string][]string{
		"none": {}, "a VirtualService": {virtualService(toRecommendation)},
		"with a time-out and retries": {virtualService("  - timeout: 9s\n    retries: {attempts: 2}\n" + sameRoute)},
		"an HTTPRoute": {`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: recommendation}
spec:
  parentRefs: [{group: "", kind: Service, name: recommendation}]
  rules: [{backendRefs: [{name: recommendation, port: 8080}]}]
`},
	} {
		w.mustPush(w.today(list...))
		if got := upgrade(t, preference.Proxy, recommendation); got != switched {
			t.Errorf("rules: %s: %s", name, got)
		}
	}
}
