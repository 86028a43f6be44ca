package rulebook_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/match"
	"istio-tutorial/lab/traffic/rulebook"
)

// manyRoutes has a route for each thing that a rule can look at, and one for all others.
func manyRoutes() mesh.Mesh {
	var routes []mesh.Route
	for _, c := range []mesh.Condition{
		{Attribute: mesh.Path, Value: "/other"}, {Attribute: mesh.Method, Value: "PUT"}, {Attribute: mesh.Scheme, Value: "https"},
		{Attribute: mesh.Claim, Header: "[iss]", Value: "a"}, {Header: "user-agent", Value: "b"},
	} {
		routes = append(routes, mesh.Route{From: fmt.Sprint(c.Attribute, c.Header), Match: []mesh.Condition{c}})
	}
	to := func(host string) mesh.Route {
		return mesh.Route{From: "last", Destinations: []mesh.Destination{{Cluster: mesh.Cluster{Host: host, Port: 80}}}}
	}
	hosts := []mesh.VirtualHost{
		{Names: []string{"a.test"}, Routes: append(routes, to("x"))}, {Names: []string{"b.test"}, Routes: []mesh.Route{to("y")}},
	}
	return mesh.Mesh{Gateway: mesh.Outbound{Hosts: hosts, Secure: []mesh.SecureDoor{{Name: "door", Routed: hosts[1:]}}}}
}

// TestRemember tells calls apart that differ in one thing only, also those that came before, in a version of which
// more calls came than are remembered, and after a change of rules.
func TestRemember(t *testing.T) {
	t.Parallel()
	var v rulebook.Versions
	began := time.Unix(1_700_000_000, 0)
	first := &rulebook.Version{Begun: began, Taken: began, Mesh: manyRoutes()}
	v.Add(first)
	entries := varied(began)
	for range 2 {
		for i, e := range entries {
			_, got := v.At(&e)
			if want := match.Entry(first.Mesh.Gateway, &e); e.Pod == "ingress" && !reflect.DeepEqual(got, want) {
				t.Errorf("entry %d: %+v, want %+v", i, got, want)
			}
			if e.Pod != "ingress" && got.Host != nil {
				t.Errorf("a pod has the ingress' host")
			}
		}
		for i := range 2000 {
			e := entries[0]
			e.Path = fmt.Sprint("/", i)
			v.At(&e)
		}
	}
	v.Add(version("new", began.Add(time.Minute), began.Add(time.Minute)))
	later := entries[0]
	later.Time = began.Add(time.Hour)
	if _, got := v.At(&later); got.Route().From != "new" {
		t.Errorf("after a change: %s", got.Route().From)
	}
}

// varied are a call, and calls that differ from it in one thing.
func varied(at time.Time) []envoy.Entry {
	var e envoy.Entry
	e.Time, e.Pod, e.Method, e.Path, e.Route, e.Cluster = at, "ingress", "GET", "/", "last", "outbound|80||x@ingress"
	e.Insight.Host, e.Insight.Scheme, e.Insight.Headers = "a.test", "http", `{"user-agent":"a"}`
	list := []envoy.Entry{e}
	for _, change := range []func(*envoy.Entry){
		func(e *envoy.Entry) { e.Pod = "n/pod" },
		func(e *envoy.Entry) { e.Method = "PUT" },
		func(e *envoy.Entry) { e.Path = "/other" },
		func(e *envoy.Entry) { e.Route = "user-agent" },
		func(e *envoy.Entry) { e.Cluster = "" },
		func(e *envoy.Entry) { e.Cluster = "outbound|80||z@ingress" },
		func(e *envoy.Entry) { e.Insight.Host = "b.test" },
		func(e *envoy.Entry) { e.Insight.Scheme = "https" },
		func(e *envoy.Entry) { e.Insight.Headers = `{"user-agent":"b"}` },
		func(e *envoy.Entry) { e.Insight.Headers = `{}` },
		func(e *envoy.Entry) { e.Insight.Door = "door" },
		func(e *envoy.Entry) { e.Insight.Door = "gone" },
		func(e *envoy.Entry) { e.Insight.SNI = "c.test" },
		func(e *envoy.Entry) { e.Insight.Claims = map[string]any{"iss": "a"} },
		func(e *envoy.Entry) { e.Insight.Claims = map[string]any{"iss": "c"} },
	} {
		one := e
		change(&one)
		list = append(list, one)
	}
	return list
}
