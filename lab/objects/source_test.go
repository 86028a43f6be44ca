package objects_test

import (
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

const sourceRules = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: r}
spec:
  hosts: [recommendation]
  http:
  - match: [{headers: {x: {exact: a}}}]
    route: [{destination: {host: recommendation, subset: v1}}]
  - fault:
      delay: {fixedDelay: 1s, percentage: {value: 50}}
    timeout: 3s
    route:
    - destination: {host: recommendation, subset: v2}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: d}
spec:
  host: recommendation
  trafficPolicy:
    loadBalancer: {simple: RANDOM}
  subsets:
  - name: v1
    labels: {version: v1}
  - name: v2
    labels: {version: v2}
    trafficPolicy:
      connectionPool: {tcp: {maxConnections: 1}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e}
spec:
  hosts: [example.org]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
`

func TestSource(t *testing.T) {
	t.Parallel()
	set, _, err := deployed(t).Change(objects.Create, parse(t, sourceRules), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	const ns = "istio-tutorial"
	v2 := mesh.Cluster{Host: "recommendation." + ns + ".svc.cluster.local", Port: 8080, Subset: "v2"}
	for name, c := range map[string]struct {
		query objects.SourceQuery
		line  int // 0: none
		text  string
	}{
		"route":             {objects.SourceQuery{Part: "route", From: ns + "/r", Field: "spec.http[1]"}, 12, "route:\n- destination: {host: recommendation, subset: v2}"},
		"first route":       {objects.SourceQuery{Part: "route", From: ns + "/r", Field: "spec.http[0]"}, 8, "route: [{destination: {host: recommendation, subset: v1}}]"},
		"delay":             {objects.SourceQuery{Part: "delay", From: ns + "/r", Field: "spec.http[1]"}, 10, "delay: {fixedDelay: 1s, percentage: {value: 50}}"},
		"timeout":           {objects.SourceQuery{Part: "timeout", From: ns + "/r", Field: "spec.http[1]"}, 11, "timeout: 3s"},
		"no retry":          {objects.SourceQuery{Part: "retry", From: ns + "/r", Field: "spec.http[1]"}, 0, ""},
		"of a delegate too": {objects.SourceQuery{Part: "abort", From: ns + "/r"}, 1, ""},
		"subset's breaker":  {objects.SourceQuery{Part: "circuit breaker", From: ns + "/d", Cluster: v2}, 28, "connectionPool: {tcp: {maxConnections: 1}}"},
		"balance of all":    {objects.SourceQuery{Part: "load balancing", From: ns + "/d", Cluster: v2}, 21, "loadBalancer: {simple: RANDOM}"},
		"no ejection":       {objects.SourceQuery{Part: "ejection", From: ns + "/d", Cluster: v2}, 0, ""},
		"host outside":      {objects.SourceQuery{Part: "host outside", Cluster: mesh.Cluster{Host: "example.org"}}, 34, "hosts: [example.org]"},
		"another host":      {objects.SourceQuery{Part: "host outside", Cluster: mesh.Cluster{Host: "example.com"}}, 0, ""},
		"another rule":      {objects.SourceQuery{Part: "route", From: ns + "/x", Field: "spec.http[1]"}, 0, ""},
		"no such part":      {objects.SourceQuery{Part: "magic", From: ns + "/r"}, 0, ""},
	} {
		got, ok := set.Source(c.query)
		if ok != (c.line > 0) || got.Line != c.line || strings.Join(got.Lines, "\n") != c.text {
			t.Errorf("%s: %+v, %v, want line %d, %q", name, got, ok, c.line, c.text)
		}
	}
	if set.Of2018() || !deployed(t).Of2018() {
		t.Error("the edition is not that of the rules")
	}
}
