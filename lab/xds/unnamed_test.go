package xds_test

import (
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestUnnamedPort lets calls to a port pass whose name says nothing. Today's rules act on them, as
// Envoy finds out what they speak; those of 2018 do not.
func TestUnnamedPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("r"))
	w.top.Services[1].Ports[0] = mesh.ServicePort{Name: "api", Number: 8080, Protocol: mesh.Unnamed}
	ask := func() string { return w.get(customer, "http://recommendation:8080/").String() }

	const fault = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r}\n" +
		"spec:\n  hosts: [recommendation]\n  http: [{fault: {abort: {percentage: {value: 100}, " +
		"httpStatus: 503}}, route: [{destination: {host: recommendation}}]}]\n"
	rule := w.with("apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {name: r}\n" +
		"spec: {destination: {name: recommendation}, " +
		"httpFault: {abort: {percent: 100, httpStatus: 503}}}\n")
	w.mustPush(classic.Resolve(rule, w.top))
	if got := ask(); got != "200 r" {
		t.Errorf("2018: %s", got)
	}
	w.mustPush(v1.Resolve(rules.Set{}, w.top))
	if got := ask(); got != "200 r" {
		t.Errorf("today: %s", got)
	}
	w.mustPush(w.today(fault))
	if got := ask(); got != "503 fault filter abort" {
		t.Errorf("today, with a fault: %s", got)
	}
	w.top.Services[1].Ports[0] = mesh.ServicePort{Name: "tcp", Number: 8080}
	w.mustPush(w.today(fault))
	if got := ask(); got != "200 r" {
		t.Errorf("today, a TCP port: %s", got)
	}
}
