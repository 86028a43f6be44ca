package xds_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds"
)

// plainly asks a pod's sidecar in plain text, as one without a sidecar does.
func (w *world) plainly(to *pod) string {
	w.t.Helper()
	path := xds.Socket(w.proxy.dir, mesh.Endpoint{Instance: to.Instance, Port: 8080, Address: to.Addresses[8080]})
	var d net.Dialer
	c, err := d.DialContext(w.t.Context(), "unix", path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nhost: recommendation\r\nx-lab-caller: "+w.ns+"/preference-v1\r\nconnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "hung up"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}

func peerAuthentication(spec string) string {
	return "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p}\nspec: " + spec + "\n"
}

const terminated = "503 upstream connect error or disconnect/reset before headers. reset reason: connection termination"

// TestMutualTLS holds what becomes of a client with a sidecar, and of one without, by what both sides
// want.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference, to := w.pod("preference-v1", says("p")), w.pod("recommendation-v1", says("r"))
	w.account()
	strict, disable := peerAuthentication("{mtls: {mode: STRICT}}"), peerAuthentication("{mtls: {mode: DISABLE}}")
	port := func(mode, other string) string {
		return peerAuthentication("{selector: {matchLabels: {app: recommendation}}, mtls: {mode: " + mode +
			"}, portLevelMtls: {8080: {mode: " + other + "}}}")
	}
	const hungUp = "hung up"
	for name, c := range map[string]struct {
		rules         []string
		inside, plain string
	}{
		"no rule":                   {nil, "200 r", "200 r"},
		"strict":                    {[]string{strict}, "200 r", hungUp},
		"disabled":                  {[]string{disable}, "200 r", "200 r"},
		"port strict":               {[]string{port("PERMISSIVE", "STRICT")}, "200 r", hungUp},
		"port not strict":           {[]string{port("STRICT", "PERMISSIVE")}, "200 r", "200 r"},
		"policy without tls":        {[]string{strict, policyOf("connectionPool: {tcp: {maxConnections: 10}}")}, "200 r", hungUp},
		"client insists":            {[]string{strict, policyOf("tls: {mode: ISTIO_MUTUAL}")}, "200 r", hungUp},
		"client insists in vain":    {[]string{disable, policyOf("tls: {mode: ISTIO_MUTUAL}")}, "503", "200 r"},
		"client without, permitted": {[]string{policyOf("tls: {mode: DISABLE}")}, "200 r", "200 r"},
		"client without":            {[]string{strict, policyOf("tls: {mode: DISABLE}")}, terminated, hungUp},
		"client shows nothing":      {[]string{strict, policyOf("tls: {mode: SIMPLE, insecureSkipVerify: true}")}, "503", hungUp},
	} {
		w.mustPush(w.today(c.rules...))
		if got := w.get(preference, recommendation).String(); !strings.HasPrefix(got, c.inside) {
			t.Errorf("%s: %s, want %s", name, got, c.inside)
		}
		if got := w.plainly(to); got != c.plain {
			t.Errorf("%s, without a sidecar: %s, want %s", name, got, c.plain)
		}
	}
}

// TestPeerIsTold holds the header by which Istio tells a program who called.
func TestPeerIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, r.Header.Get("x-forwarded-client-cert")) }
	preference, to := w.pod("preference-v1", says("p")), w.pod("recommendation-v1", told)
	w.account()
	w.mustPush(w.today())
	got := w.get(preference, recommendation, "x-forwarded-client-cert: URI=spiffe://me").body
	principal := "spiffe://cluster.local/ns/" + w.ns + "/sa/"
	if !strings.Contains(got, "By="+principal+"recommendation") || !strings.Contains(got, "URI="+principal+"preference") ||
		!strings.Contains(got, `Subject=""`) || strings.Contains(got, "spiffe://me") {
		t.Errorf("told %q", got)
	}
	if got := w.plainly(to); got != "200 " {
		t.Errorf("in plain text: told %q", got)
	}
}

// TestForgedCaller holds that what a client writes proves nothing.
func TestForgedCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, to := w.pod("preference-v1", says("p")), w.pod("recommendation-v1", says("r"))
	w.account()
	w.mustPush(w.today(policyText("p", `{rules: [{from: [{source: {principals: ["*/sa/preference"]}}]}]}`)))
	if got := w.plainly(to); got != "403 RBAC: access denied" { // it says that it is preference
		t.Errorf("forged: %s", got)
	}
}

// TestModesUnderLoad changes what a server takes, again and again: no answer is lost.
func TestModesUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference, _ := w.pod("preference-v1", says("p")), w.pod("recommendation-v1", says("r"))
	w.account()
	w.mustPush(w.today())
	var clients sync.WaitGroup
	var mu sync.Mutex
	bad := map[string]int{}
	asked := 0
	done := make(chan struct{})
	for range 4 {
		c := preference.client(t)
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				a, err := ask(t.Context(), c, recommendation) // the client has a time of its own for each
				mu.Lock()
				asked++
				if err != nil {
					bad[err.Error()]++
				} else if a.String() != "200 r" {
					bad[a.String()]++
				}
				mu.Unlock()
			}
		})
	}
	for i := range 30 {
		mode := []string{"STRICT", "DISABLE", "PERMISSIVE", "DISABLE", "STRICT", "PERMISSIVE"}[i%6]
		w.mustPush(w.today(peerAuthentication("{mtls: {mode: " + mode + "}}")))
	}
	close(done)
	clients.Wait()
	if len(bad) > 0 || asked < 30 {
		t.Errorf("of %d: %v", asked, bad)
	}
}
