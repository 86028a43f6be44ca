package xds_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
)

func TestAbort(t *testing.T) {
	t.Parallel()
	w, preference, v1, v2 := chain(t)
	w.apply("route-rule-recommendation-503.yml")
	const n = 200
	got := w.several(n, preference, recommendation)
	aborted := got["503 fault filter abort"]
	share(t, "aborted", aborted, n, 0.5)
	if got["200 v1"]+got["200 v2"]+aborted != n {
		t.Errorf("answers %v", got)
	}
	if asked := v1.requests.Load() + v2.requests.Load(); int(asked) != n-aborted {
		t.Errorf("the pods got %d requests, want %d", asked, n-aborted)
	}
	counted := w.proxy.stat(t, `^http\.outbound@`+w.ns+`/preference.*;\.fault\.aborts_injected$`)
	if counted != aborted {
		t.Errorf("Envoy counted %d aborts, the client %d", counted, aborted)
	}
}

const delayRule = `
apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata:
  name: recommendation-delay
spec:
  destination:
    name: recommendation
  httpFault:
    delay:
      percent: 50
      fixedDelay: 100ms
`

func TestDelay(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply(delayRule)
	client := preference.client(t)
	const n = 40
	var quick, slow time.Duration // the quickest of all, and of those that Envoy delayed
	delays := `^http\.outbound@` + w.ns + `/preference.*;\.fault\.delays_injected$`
	delayed := 0
	for range n {
		began := time.Now()
		if a := get(t, client, recommendation); a.status != 200 {
			t.Fatal(a)
		}
		took := time.Since(began)
		now := w.proxy.stat(t, delays)
		if quick == 0 || took < quick {
			quick = took
		}
		if now > delayed && (slow == 0 || took < slow) {
			slow = took
		}
		delayed = now
	}
	share(t, "delayed", delayed, n, 0.5)
	if slow < 90*time.Millisecond || slow <= quick { // Envoy counts from the start of its loop
		t.Errorf("%v with a delay of 100ms, %v without", slow, quick)
	}
}

// TestDelayAndTimeout holds that a timeout does not cut a delay that is longer.
func TestDelayAndTimeout(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	m := w.mesh("route-rule-recommendation-v1.yml")
	eachRoute(m, func(r *mesh.Route) {
		r.Timeout = time.Second
		r.Destinations[0].Faults = []mesh.Fault{{Delay: &mesh.Delay{Percent: 100, Time: 2 * time.Second}}}
	})
	w.mustPush(m)
	if got := w.get(preference, recommendation).String(); got != "200 v1" {
		t.Error(got)
	}
}

// TestSeveralFaults puts more faults on a destination than a listener is prepared for.
func TestSeveralFaults(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	m := w.mesh("route-rule-recommendation-v1.yml")
	eachRoute(m, func(r *mesh.Route) {
		for i := range 6 {
			r.Destinations[0].Faults = append(r.Destinations[0].Faults, mesh.Fault{
				When: []mesh.Condition{{
					Attribute: mesh.Header, Header: "x-fault", Compare: mesh.Regex,
					Value: fmt.Sprintf(".*%d.*", i),
				}},
				Abort: &mesh.Abort{Percent: 100, Status: 500 + i},
			})
		}
	})
	w.mustPush(m)
	for value, want := range map[string]int{"none": 200, "0": 500, "3": 503, "5": 505, "42": 502} {
		if got := w.get(preference, recommendation, "x-fault: "+value).status; got != want {
			t.Errorf("x-fault: %s: %d, want %d", value, got, want)
		}
	}
}

// TestFaultOfOneDestination hits only the share of requests that goes there.
func TestFaultOfOneDestination(t *testing.T) {
	t.Parallel()
	w, preference, _, v2 := chain(t)
	m := w.mesh("route-rule-recommendation-v1_and_v2_50_50.yml")
	eachRoute(m, func(r *mesh.Route) {
		i := slices.IndexFunc(r.Destinations, func(d mesh.Destination) bool {
			return d.Cluster.Labels["version"] == "v2"
		})
		if i >= 0 {
			r.Destinations[i].Faults = []mesh.Fault{{Abort: &mesh.Abort{Percent: 100, Status: 418}}}
		}
	})
	w.mustPush(m)
	const n = 200
	got := w.several(n, preference, recommendation)
	share(t, "aborted", got["418 fault filter abort"], n, 0.5)
	if got["418 fault filter abort"]+got["200 v1"] != n || v2.requests.Load() != 0 {
		t.Errorf("answers %v, v2 got %d", got, v2.requests.Load())
	}
}
