package daemon_test

import (
	"fmt"
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

// TestKeylessIsSaid has a server answer with what is no key set, until it has one: apply, status, analyze and get say
// so, apply once.
func TestKeylessIsSaid(t *testing.T) {
	t.Parallel()
	l := up(t, today, func(c *daemon.Config) { c.KeySets = 20 * time.Millisecond })
	keys, err := identity.KeySet()
	if err != nil {
		t.Fatal(err)
	}
	var there atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if there.Load() {
			fmt.Fprint(w, keys)
			return
		}
		fmt.Fprint(w, "<html>")
	}))
	t.Cleanup(server.Close)
	rule := fmt.Sprintf(fetched, `, jwksUri: "`+server.URL+`/jwks"`)
	apply := func(text string) string {
		results, err := l.text(objects.Apply, t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(results[0].Warnings)
	}
	want := "no token of https://tokens.example holds: its keys were never fetched: " + server.URL +
		"/jwks: its answer is no key set, or has no key of type RSA, EC, OKP or oct that is complete"
	if got, sentence := apply(rule), "[(RequestAuthentication istio-tutorial/fetched) "+want+"]"; got != sentence {
		t.Errorf("apply says %s, want %s", got, sentence)
	}
	for name, text := range map[string]string{"the same": rule, "another rule": fmt.Sprintf(strictness, "STRICT")} {
		if got := apply(text); got != "[]" {
			t.Errorf("%s: apply says %s again", name, got)
		}
	}
	if got := l.keyless(t); got != fmt.Sprintf("[%s] [%s]", want, want) {
		t.Errorf("status and analyze say %s, want %s", got, want)
	}
	there.Store(true)
	labtest.Until(t, func() error {
		apply(fmt.Sprintf(strictness, "STRICT")) // who was asked in vain is asked again by the next change
		if got := l.keyless(t); got != "[] []" {
			return fmt.Errorf("with keys, status and analyze say %s", got)
		}
		return nil
	})
}

// keyless are the sentences of status and of analyze about keys that are missing.
func (l *lab) keyless(t *testing.T) string {
	t.Helper()
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var status, analysis []string
	for _, k := range s.Keyless {
		status = append(status, k.Sentence())
	}
	found, err := l.Analyze(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if strings.Contains(f.Text, "its keys were never fetched") && f.Level == objects.Warning && f.Line > 0 {
			analysis = append(analysis, f.Text)
		}
	}
	return fmt.Sprint(status, " ", analysis)
}
