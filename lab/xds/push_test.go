package xds_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
	"istio-tutorial/lab/xds"
	"istio-tutorial/lab/xds/stream"
)

// TestRefused pushes what Envoy does not take.
func TestRefused(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	w.apply("route-rule-recommendation-v2.yml")
	for name, c := range map[string]struct {
		breaks func(mesh.Mesh)
		words  string
	}{
		"a route": {func(m mesh.Mesh) {
			eachRoute(m, func(r *mesh.Route) {
				r.Match = []mesh.Condition{{Attribute: mesh.Header, Header: "a", Compare: mesh.Regex, Value: "("}}
				r.Destinations[0].Cluster.Labels = mesh.Labels{"version": "v1"}
			})
		}, "missing )"},
		"a cluster": {func(m mesh.Mesh) {
			eachCluster(m, func(p *mesh.Policy) { p.Panic = 101 })
			for i := range m.Sidecars { // and one that is new and well
				m.Sidecars[i].Outbound.AddCluster(mesh.Cluster{Host: "x", Port: 1}, mesh.Defaults)
			}
		}, "HealthyPanicThreshold"},
		"a listener": {func(m mesh.Mesh) {
			m.Instances[0].Proxy = "127.0.0.1:" + strings.TrimPrefix(p.ingress, "127.0.0.1:")
		}, "duplicate address"},
	} {
		m := w.mesh()
		m.Instances = append([]mesh.Instance{}, m.Instances...)
		c.breaks(m)
		err := w.push(m)
		var refused *stream.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.words)
			continue
		}
		t.Logf("%s: %v", name, err)
		if got := w.several(5, preference, recommendation); got["200 v2"] != 5 {
			t.Errorf("%s: then %v", name, got)
		}
		w.mustPush(w.mesh("route-rule-recommendation-v1.yml"))
		if got := w.several(5, preference, recommendation); got["200 v1"] != 5 {
			t.Errorf("%s: after a good change %v", name, got)
		}
		w.apply("route-rule-recommendation-v2.yml")
	}
}

// TestAtOnce pushes from several sides at the same time.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply()
	var pushes sync.WaitGroup
	for i := range 8 {
		pushes.Go(func() {
			m := w.mesh("route-rule-recommendation-v1.yml")
			if i%2 == 1 {
				m = w.mesh("route-rule-recommendation-v2.yml")
			}
			if err := w.push(m); err != nil {
				t.Error(err)
			}
		})
	}
	pushes.Wait()
	if got := w.several(5, preference, recommendation); len(got) != 1 {
		t.Errorf("answers %v", got)
	}
}

// TestNothingOld asks as soon as a push returns, and never gets what was before.
func TestNothingOld(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	files := [2]string{"route-rule-recommendation-v1.yml", "route-rule-recommendation-v2.yml"}
	w.mustPush(w.mesh(files[0]))

	const clients, asked = 8, 10_000
	var all []*http.Client
	for range clients {
		all = append(all, preference.client(t))
	}
	old, total := 0, 0
	var slowest time.Duration
	for round := 0; total < asked; round++ {
		want := "200 " + [2]string{"v1", "v2"}[round%2]
		began := time.Now()
		w.mustPush(w.mesh(files[round%2]))
		slowest = max(slowest, time.Since(began))
		var wrong atomic.Int64
		var asking sync.WaitGroup
		for _, c := range all {
			asking.Go(func() {
				for range 4 {
					if a, err := ask(t.Context(), c, recommendation); err != nil || a.String() != want {
						wrong.Add(1)
					}
				}
			})
		}
		asking.Wait()
		old += int(wrong.Load())
		total += 4 * clients
	}
	t.Logf("%d requests after pushes of at most %v", total, slowest)
	if old > 0 {
		t.Errorf("%d of %d requests got an old answer, or none", old, total)
	}
}

// TestNothingLost changes everything that rules and pods can change, under load.
func TestNothingLost(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	w.pod("recommendation-v2", says("v2"))
	w.mustPush(w.mesh())

	ctx, stop := context.WithCancel(t.Context())
	var lost, total atomic.Int64
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			client := preference.client(t)
			for ctx.Err() == nil {
				a, err := ask(t.Context(), client, recommendation)
				if err != nil || a.status != 200 {
					lost.Add(1)
					t.Log(a, err)
				}
				total.Add(1)
			}
		})
	}
	changes := []func() mesh.Mesh{
		func() mesh.Mesh { return w.mesh("route-rule-recommendation-v1_and_v2_50_50.yml") },
		func() mesh.Mesh { return w.mesh("route-rule-recommendation-v2.yml") },
		func() mesh.Mesh {
			return w.mesh("route-rule-recommendation-v1_and_v2_retry.yml", "recommendation_cb_policy_pool_ejection.yml")
		},
		func() mesh.Mesh { return w.mesh("recommendation_lb_policy_app.yml") },
		func() mesh.Mesh { return w.mesh("route-rule-recommendation-v1-mirror-v2.yml") },
		func() mesh.Mesh { // a pod that is not ready
			m := w.mesh()
			m.Instances = append([]mesh.Instance{}, m.Instances...)
			m.Instances[3].Ready = false
			return m
		},
		func() mesh.Mesh { // and is gone
			m := w.mesh()
			m.Instances = m.Instances[:3]
			return m
		},
		func() mesh.Mesh { return w.mesh() },
	}
	const rounds = 25
	began := time.Now()
	for range rounds {
		for i, change := range changes {
			if err := w.push(change()); err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
		}
	}
	took := time.Since(began)
	stop()
	load.Wait()
	t.Logf("%d changes in %v, %d requests", rounds*len(changes), took, total.Load())
	if lost.Load() > 0 {
		t.Errorf("%d of %d requests were lost", lost.Load(), total.Load())
	}
}

// TestKilled kills Envoy: the one that is started in its place has the same rules, and a push
// meanwhile waits for it.
func TestKilled(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	w.apply("route-rule-recommendation-v2.yml")
	p.kill(t)
	client := preference.client(t)
	labtest.Until(t, func() error {
		_, err := ask(t.Context(), client, recommendation)
		return err
	})
	if got := w.several(5, preference, recommendation); got["200 v2"] != 5 {
		t.Errorf("after a restart: %v", got)
	}
	p.kill(t)
	w.mustPush(w.mesh("route-rule-recommendation-v1.yml"))
	if got := w.several(5, preference, recommendation); got["200 v1"] != 5 {
		t.Errorf("after a change during a restart: %v", got)
	}
}

// TestRefusedOnReturn takes away a port while Envoy is down. It goes on with what it can, and is
// not asked again and again; the next push has it try once more.
func TestRefusedOnReturn(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	w.apply()
	killed := p.process.Status()
	if err := kill(killed.PID); err != nil {
		t.Fatal(err)
	}
	var squatter net.Listener
	labtest.Until(t, func() (err error) {
		squatter, err = net.Listen("tcp", p.ingress)
		return err
	})
	const rejected = `^listener_manager\.lds\.update_rejected$`
	client := preference.client(t)
	labtest.Until(t, func() error {
		if _, err := p.admin.Stats(t.Context(), rejected); err != nil {
			return err
		}
		if n := p.stat(t, rejected); n == 0 {
			return errors.New("nothing is refused")
		}
		_, err := ask(t.Context(), client, recommendation)
		return err
	})
	var refused *stream.RefusedError
	if err := w.push(w.mesh()); !errors.As(err, &refused) {
		t.Errorf("error %v, want a refusal", err)
	}
	if n := p.stat(t, rejected); n > 5 {
		t.Errorf("refused %d times", n)
	}
	if err := squatter.Close(); err != nil {
		t.Fatal(err)
	}
	w.mustPush(w.mesh())
	if got := get(t, http.DefaultClient, "http://"+p.ingress).status; got != 404 {
		t.Errorf("ingress: %d", got)
	}
}

// kill ends Envoy as a crash would; it is started again.
func (p *proxy) kill(t *testing.T) {
	t.Helper()
	killed := p.process.Status()
	if err := kill(killed.PID); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, func() error {
		if now := p.process.Status(); now.Restarts == killed.Restarts || now.State != supervise.Ready {
			return fmt.Errorf("state %s after %d restarts", now.State, now.Restarts)
		}
		return nil
	})
}

// TestNobody pushes without an Envoy.
func TestNobody(t *testing.T) {
	t.Parallel()
	server, err := stream.Listen(t.TempDir() + "/s")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := server.Push(ctx, xds.Snapshot{}); !errors.Is(err, stream.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// TestNewPod asks through the proxy of a pod, and asks the pod, as soon as it was pushed.
func TestNewPod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 20 {
		w.pod("recommendation-v1", says("v1"))
		newest := w.pod("preference-v1", says("p"))
		w.apply()
		if got := w.get(newest, recommendation).String(); got != "200 v1" {
			t.Fatal(got)
		}
	}
}

// TestFoundOtherwise has a host outside the mesh become known together with a new pod: Envoy asks
// for its endpoints no more, and for others.
func TestFoundOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	w.pod("recommendation-v1", says("v1"))
	before := w.mesh()
	knows := func(m mesh.Mesh) mesh.Mesh {
		for i := range m.Sidecars {
			m.Sidecars[i].Outbound.AddCluster(mesh.Cluster{Host: "x.example", Port: 80}, mesh.Defaults)
		}
		return m
	}
	w.mustPush(knows(before))
	w.pod("recommendation-v1", says("v1"))
	w.pod("preference-v1", says("p"))
	after := knows(w.mesh())
	after.External = []mesh.ExternalHost{{Host: "x.example", Port: 80}}
	w.mustPush(after)
}
