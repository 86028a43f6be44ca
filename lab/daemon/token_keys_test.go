package daemon_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

// fetched is a rule of the customers' tokens whose keys are elsewhere.
const fetched = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: fetched, namespace: istio-tutorial}
spec:
  selector: {matchLabels: {app: customer}}
  jwtRules: [{issuer: "https://tokens.example"%s, timeout: 2s}]
`

// bearing is what the ingress answers to a request with a token.
func (l *lab) bearing(t *testing.T, token string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.ingress, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}

func token(t *testing.T) string {
	t.Helper()
	text, err := identity.Token{Issuer: identity.Issuer, From: time.Now(), Until: time.Now().Add(time.Hour)}.Sign()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestKeysElsewhere has the server of an issuer's keys away at first: no token holds, and why says what kept
// the keys away. Then it comes, which acts by itself, and goes again, which changes nothing.
func TestKeysElsewhere(t *testing.T) {
	t.Parallel()
	l := up(t, today, func(c *daemon.Config) { c.KeySets = 20 * time.Millisecond })
	keys, err := identity.KeySet()
	if err != nil {
		t.Fatal(err)
	}
	var there atomic.Bool
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if !there.Load() {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, keys)
	}))
	t.Cleanup(server.Close)
	rule := fmt.Sprintf(fetched, `, jwksUri: "`+server.URL+`/jwks"`)
	if _, err := l.text(objects.Apply, t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	const none = "401 Jwt verification fails"
	if got := l.bearing(t, token(t)); got != none {
		t.Errorf("away: %s, want %s", got, none)
	}
	const why = "The keys of https://tokens.example were never fetched: Get"
	if last := l.requests(t, 1)[0]; !strings.Contains(last.Words, why) || last.Rule == nil || last.Rule.Name != "fetched" {
		t.Errorf("why says %q, want %q", last.Words, why)
	}
	there.Store(true)
	holds := func() error {
		if got := l.bearing(t, token(t)); !strings.HasPrefix(got, "200 customer => ") {
			return errors.New(got)
		}
		return nil
	}
	labtest.Until(t, func() error {
		if _, err := l.text(objects.Apply, t.Context(), fmt.Sprintf(strictness, "STRICT")); err != nil {
			return err
		}
		return holds()
	})
	there.Store(false)
	before := asked.Load()
	labtest.Until(t, func() error {
		if n := asked.Load() - before; n < 2 {
			return fmt.Errorf("it was asked %d times", n)
		}
		return nil
	})
	l.strictness(t, "PERMISSIVE")
	if err := holds(); err != nil {
		t.Errorf("away again: %v", err)
	}
}

// TestKeysOfServices fetches keys as istiod does: from the stand-in of a host outside, also by what its own
// page says, and from a service of the mesh, in plain text.
func TestKeysOfServices(t *testing.T) {
	t.Parallel()
	l := up(t, today)
	for _, c := range []struct{ name, at, want string }{
		{"outside", `, jwksUri: "https://tokens.example/jwks"`, "200 customer"},
		{"discovered", "", "200 customer"},
		{"nowhere", `, jwksUri: "http://nobody.istio-tutorial:8080/jwks"`, "401 Jwt verification fails"},
		{"no keys", `, jwksUri: "http://recommendation.istio-tutorial:8080/"`, "401 Jwt verification fails"},
	} {
		if _, err := l.text(objects.Apply, t.Context(), fmt.Sprintf(fetched, c.at)); err != nil {
			t.Fatal(err)
		}
		if got := l.bearing(t, token(t)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
