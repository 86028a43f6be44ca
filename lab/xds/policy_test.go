package xds_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
)

// faulty answers 503.
func faulty(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprint(w, "bad")
}

const overflow = "503 upstream connect error or disconnect/reset before headers. reset reason: overflow"

func TestOverflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference, customer := w.pod("preference-v1", says("p")), w.pod("customer-v1", says("c"))
	held, release := make(chan struct{}, 10), make(chan struct{})
	w.pod("recommendation-v2", func(rw http.ResponseWriter, _ *http.Request) {
		held <- struct{}{}
		<-release
		fmt.Fprint(rw, "v2")
	})
	w.apply("route-rule-recommendation-v2.yml", "recommendation_cb_policy_version_v2.yml")

	var callers sync.WaitGroup
	defer callers.Wait()
	release1 := sync.OnceFunc(func() { close(release) })
	defer release1()
	var mu sync.Mutex
	got := map[string]int{}
	call := func() {
		a, err := ask(t.Context(), preference.client(t), recommendation)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			got[err.Error()]++
			return
		}
		got[a.String()]++
		if a.status == 503 && a.header.Get("x-envoy-overloaded") != "true" {
			t.Errorf("header of the overflow: %v", a.header)
		}
	}
	callers.Go(call)
	<-held
	callers.Go(call) // waits
	cluster := `cluster\.outbound\|8080\|version=v2.*@` + w.ns + `/preference.*;\.`
	labtest.Until(t, func() error {
		if n := w.proxy.stat(t, cluster+"upstream_rq_pending_active$"); n != 1 {
			return fmt.Errorf("%d requests wait, not 1", n)
		}
		return nil
	})
	for range 3 {
		call()
	}
	// The limits are those of each client.
	callers.Go(func() {
		if a, err := ask(t.Context(), customer.client(t), recommendation); err != nil || a.status != 200 {
			t.Errorf("another client: %v %v", a, err)
		}
	})
	<-held
	if n := w.proxy.stat(t, cluster+"upstream_rq_pending_overflow$"); n != 3 {
		t.Errorf("overflows: %d, want 3", n)
	}
	release1()
	callers.Wait()
	if got[overflow] != 3 || got["200 v2"] != 2 {
		t.Errorf("answers %v", got)
	}
	if n := w.proxy.stat(t, cluster+"outlier_detection.ejections_enforced_total$"); n != 0 {
		t.Errorf("overflow ejected %d hosts", n)
	}
}

// TestRequestsPerConnection counts the connections that a pod sees.
func TestRequestsPerConnection(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply("route-rule-recommendation-v2.yml", "recommendation_cb_policy_version_v2.yml")
	if got := w.several(5, preference, recommendation); got["200 v2"] != 5 {
		t.Errorf("answers %v", got)
	}
	cluster := `cluster\.outbound\|8080\|version=v2.*@` + w.ns + `/preference.*;\.`
	if n := w.proxy.stat(t, cluster+"upstream_cx_total$"); n != 5 {
		t.Errorf("connections: %d, want 5", n)
	}
}

// ejectedFor is how long the first time, and at least that later.
const ejectedFor = 300 * time.Millisecond

// ejecting is a short version of the tutorial's pool ejection.
func ejecting(t *testing.T, w *world) mesh.Mesh {
	t.Helper()
	m := w.mesh("route-rule-recommendation-v2.yml", "recommendation_cb_policy_pool_ejection.yml")
	eachCluster(m, func(p *mesh.Policy) {
		if p.Outlier != nil {
			*p.Outlier.Interval, *p.Outlier.BaseEjection = 20*time.Millisecond, ejectedFor
			p.Balance = mesh.RoundRobin
		}
	})
	return m
}

func TestEjection(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	bad := w.pod("recommendation-v2", faulty)
	w.mustPush(ejecting(t, w))
	ejections := `cluster\.outbound\|8080\|version=v2.*@` + w.ns + `/preference.*;\.outlier_detection\.` +
		`ejections_enforced_consecutive_5xx$`
	client := preference.client(t)
	// untilBad asks until the bad pod has had n requests, and is out for the last of them. It
	// returns when that was sent, and when it was answered.
	untilBad := func(n int) (sent, answered time.Time) {
		labtest.Until(t, func() error {
			sent = time.Now()
			a := get(t, client, recommendation)
			answered = time.Now()
			got := int(bad.requests.Load())
			if got < n && a.String() != "200 v2" {
				t.Errorf("while ejected: %s", a)
			}
			return unlessEqual("requests to the bad pod", got, n)
		})
		labtest.Until(t, func() error {
			return unlessEqual("ejections", w.proxy.stat(t, ejections), n)
		})
		get(t, client, "http://localhost:8080") // after that, Envoy's worker has heard of it too
		return sent, answered
	}
	first, _ := untilBad(1)
	second, again := untilBad(2) // at once, though it came back a moment ago
	if out := again.Sub(first); out < ejectedFor {
		t.Errorf("ejected for %v only", out)
	}
	for range 10 {
		a := get(t, client, recommendation)
		if time.Since(second) < ejectedFor && a.String() != "200 v2" {
			t.Errorf("while ejected again: %s", a)
		}
	}
}

func unlessEqual(what string, got, want int) error {
	if got != want {
		return fmt.Errorf("%d %s, want %d", got, what, want)
	}
	return nil
}

// TestEjectionPerClient sends another client's requests to the pod that one has ejected.
func TestEjectionPerClient(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	customer := w.pod("customer-v1", says("c"))
	bad := w.pod("recommendation-v2", faulty)
	m := ejecting(t, w)
	eachCluster(m, func(p *mesh.Policy) {
		if p.Outlier != nil {
			*p.Outlier.BaseEjection = time.Hour
		}
	})
	w.mustPush(m)
	w.several(2, preference, recommendation)
	labtest.Until(t, func() error {
		before := bad.requests.Load()
		if w.several(2, preference, recommendation); bad.requests.Load() != before {
			return fmt.Errorf("the bad pod is still asked")
		}
		return nil
	})
	before := bad.requests.Load()
	w.several(2, customer, recommendation)
	if got := bad.requests.Load() - before; got != 1 {
		t.Errorf("the bad pod got %d of customer's 2 requests, want 1", got)
	}
}

// TestPanic ejects the only pod, which matters only where the policy knows no panic.
func TestPanic(t *testing.T) {
	t.Parallel()
	for panicking, want := range map[int]string{50: "503 bad", 0: "503 no healthy upstream"} {
		t.Run(fmt.Sprint(panicking), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			preference := w.pod("preference-v1", says("p"))
			w.pod("recommendation-v2", faulty)
			m := ejecting(t, w)
			eachCluster(m, func(p *mesh.Policy) {
				p.Panic = panicking
				if p.Outlier != nil {
					*p.Outlier.BaseEjection = time.Hour
				}
			})
			w.mustPush(m)
			w.several(1, preference, recommendation)
			cluster := `cluster\.outbound\|8080\|version=v2.*@` + w.ns + `/preference.*;\.`
			labtest.Until(t, func() error {
				if n := w.proxy.stat(t, cluster+`outlier_detection\.ejections_active$`); n != 1 {
					return fmt.Errorf("%d hosts are ejected, not 1", n)
				}
				return nil
			})
			if got := w.several(5, preference, recommendation); got[want] != 5 {
				t.Errorf("answers %v, want %s", got, want)
			}
		})
	}
}

// TestBalance sees whether picks repeat, as only random ones do.
func TestBalance(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply("recommendation_lb_policy_app.yml")
	client := preference.client(t)
	last, repeats := "", 0
	const n = 200
	for range n {
		now := get(t, client, recommendation).body
		if now == last {
			repeats++
		}
		last = now
	}
	share(t, "repeated picks", repeats, n, 0.5)
}
