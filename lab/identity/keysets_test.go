package identity_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/labtest"
)

// issuer is a server of keys, which may say anything, or be away.
type issuer struct {
	*httptest.Server
	says    atomic.Value // string; "": it is away
	asked   atomic.Int64
	changed atomic.Int64
}

func newIssuer(t *testing.T, says string) *issuer {
	t.Helper()
	i := &issuer{}
	i.says.Store(says)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.asked.Add(1)
		text := i.says.Load().(string)
		switch {
		case text == "":
			panic(http.ErrAbortHandler)
		case strings.HasPrefix(text, "status "):
			http.Error(w, text, http.StatusServiceUnavailable)
		case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
			fmt.Fprintf(w, `{"jwks_uri": "http://%s/jwks"}`, r.Host)
		default:
			fmt.Fprint(w, text)
		}
	}))
	t.Cleanup(i.Close)
	return i
}

// keySets run until the test ends.
func (i *issuer) keySets(t *testing.T, every time.Duration) *identity.KeySets {
	return i.keySetsAt(t, every, time.Now)
}

// keySetsAt go by a clock.
func (i *issuer) keySetsAt(t *testing.T, every time.Duration, now func() time.Time) *identity.KeySets {
	t.Helper()
	k := identity.NewKeySets(identity.Fetching{
		Client:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Changed: func(context.Context) { i.changed.Add(1) }, Now: now,
		Every: every, AfterFailure: every, Again: time.Millisecond,
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { k.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return k
}

func (i *issuer) of(t *testing.T, k *identity.KeySets) (string, error) {
	t.Helper()
	return k.Of(t.Context(), "a", i.URL+"/jwks", labtest.Deadline)
}

const (
	first  = `{"keys":[{"kid":"a","kty":"oct","k":"YQ"},{"kid":"b"}]}`
	turned = `{"keys":[{"kid":"b"},{"kid":"a","kty":"oct","k":"YQ"}]}`
	second = `{"keys":[{"kid":"c","kty":"RSA","n":"YQ","e":"AQAB"}]}`
)

// TestKeySetsAreKept has a server that is away for a while, and what it said before stays.
func TestKeySetsAreKept(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, first)
	k := i.keySets(t, 5*time.Millisecond)
	if got, err := i.of(t, k); got != first || err != nil {
		t.Fatalf("at once: %s, %v", got, err)
	}
	refreshed := func(says string) {
		t.Helper()
		i.says.Store(says)
		before := i.asked.Load()
		labtest.Until(t, func() error {
			if n := i.asked.Load() - before; n < 3 { // so that what the first two brought is known
				return fmt.Errorf("it was asked %d times", n)
			}
			return nil
		})
	}
	for _, away := range []string{"", "status 503"} {
		refreshed(away)
		if got, err := i.of(t, k); got != first || err != nil {
			t.Errorf("while it says %q: %s, %v", away, got, err)
		}
	}
	refreshed(turned)
	if n := i.changed.Load(); n != 0 {
		t.Errorf("%d changes, where only the order is another", n)
	}
	refreshed(second)
	if got, err := i.of(t, k); got != second || err != nil || i.changed.Load() != 1 {
		t.Errorf("other keys: %s, %v, %d changes", got, err, i.changed.Load())
	}
	for _, bad := range []string{"<html>", "{}", `{"keys":[{"kty":"RSA","n":"","e":"AQAB"}]}`, `{"keys":[{"kty":"EC","crv":"P-1","x":"YQ","y":"YQ"}]}`} {
		refreshed(bad)
		if got, err := i.of(t, k); got != second || err != nil || i.changed.Load() != 1 {
			t.Errorf("after %s: %s, %v, %d changes", bad, got, err, i.changed.Load())
		}
	}
}

// TestKeySetsAreFetchedOnce does not ask for what is known.
func TestKeySetsAreFetchedOnce(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, first)
	k := i.keySets(t, time.Hour)
	for range 3 {
		if got, err := i.of(t, k); got != first || err != nil {
			t.Errorf("%s, %v", got, err)
		}
	}
	if n := i.asked.Load(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

// TestKeySetsComeLater has a server that is away at first: no token holds until it is there.
func TestKeySetsComeLater(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "status 503")
	k := i.keySets(t, time.Hour) // it is not this that brings them
	got, err := i.of(t, k)
	if got != identity.NoKeys() || err == nil || !strings.Contains(err.Error(), "/jwks: status 503 Service Unavailable") {
		t.Errorf("away: %s, %v", got, err)
	}
	i.says.Store(first)
	labtest.Until(t, func() error {
		if got, err := i.of(t, k); got != first {
			return fmt.Errorf("there: %s, %w", got, err)
		}
		return nil
	})
}

// TestKeySetsOfAnIssuer finds the address of the keys on the issuer's own page.
func TestKeySetsOfAnIssuer(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, first)
	k := i.keySets(t, time.Hour)
	if got, err := k.Of(t.Context(), i.URL+"/", "", labtest.Deadline); got != first || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	for _, none := range []string{"a", "http://127.0.0.1:1"} {
		if got, err := k.Of(t.Context(), none, "", labtest.Deadline); got != identity.NoKeys() || err == nil {
			t.Errorf("%s: %s, %v", none, got, err)
		}
	}
}

// TestKeySetsAreBounded in time and size.
func TestKeySetsAreBounded(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, strings.Repeat("a", 1<<20+1))
	k := i.keySets(t, time.Hour)
	if got, err := i.of(t, k); got != identity.NoKeys() || err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
		t.Errorf("%.20s, %v", got, err)
	}
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(slow.Close)
	if _, err := k.Of(t.Context(), "a", slow.URL, 10*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestKeySetsAreForgotten a week after nobody wants them any more, or after they were last to be had.
func TestKeySetsAreForgotten(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, first)
	began := time.Now()
	var later atomic.Int64 // a time.Duration
	k := i.keySetsAt(t, 5*time.Millisecond, func() time.Time { return began.Add(time.Duration(later.Load())) })
	if got, err := i.of(t, k); got != first || err != nil {
		t.Fatalf("at once: %s, %v", got, err)
	}
	i.says.Store("")
	later.Store(int64(6 * 24 * time.Hour))
	if got, err := i.of(t, k); got != first || err != nil {
		t.Errorf("six days later: %s, %v", got, err)
	}
	later.Store(int64(7 * 24 * time.Hour))
	labtest.Until(t, func() error {
		if got, err := i.of(t, k); got != identity.NoKeys() || err == nil {
			return fmt.Errorf("a week later: %s, %w", got, err)
		}
		return nil
	})
}
