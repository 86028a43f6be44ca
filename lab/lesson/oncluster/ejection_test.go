package oncluster

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/load"
)

// placeWith is a place with one pod whose proxy has ejected so many, and how often that was asked whether it is ready.
func placeWith(t *testing.T, ejected int) (*place, *atomic.Int32) {
	t.Helper()
	asked := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ready" {
			asked.Add(1)
			return
		}
		fmt.Fprintf(w, "cluster.outbound|8080||a.svc;.outlier_detection.ejections_active: %d\n", ejected)
	}))
	t.Cleanup(server.Close)
	g := &Ground{Tools: cluster.Tools{Namespace: "ours"}}
	g.pods = newPods(g)
	g.pods.seen.pods = []pod{{name: "a", proxied: true}, {name: "no-sidecar"}}
	g.pods.proxies["a"] = tunnel{strings.TrimPrefix(server.URL, "http://"), func() {}}
	return &place{ground: g}, asked
}

// TestMerged waits only where a pod was ejected, and only until Envoy would act on the next at once.
func TestMerged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ejected int
		ago     time.Duration
		waits   bool
	}{{1, 0, true}, {0, 0, false}, {1, 2 * merging, false}} {
		p, _ := placeWith(t, c.ejected)
		p.sent = time.Now().Add(-c.ago)
		sent := p.sent
		if err := p.merged(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := c.ago == 0 && time.Since(sent) >= merging; waited != c.waits {
			t.Errorf("%d ejected, %v ago: waited %t", c.ejected, c.ago, waited)
		}
	}
}

// TestNoted asks each proxy after an error, and none after another answer.
func TestNoted(t *testing.T) {
	t.Parallel()
	p, asked := placeWith(t, 0)
	p.noted(t.Context(), load.Hit{Status: http.StatusOK})
	if n := asked.Load(); n != 0 {
		t.Errorf("after 200: %d", n)
	}
	p.noted(t.Context(), load.Hit{Status: http.StatusServiceUnavailable})
	if n := asked.Load(); n != 1 {
		t.Errorf("after 503: %d", n)
	}
}
