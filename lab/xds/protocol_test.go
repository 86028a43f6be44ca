package xds_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"istio-tutorial/lab/mesh"
)

// TestHTTP2 reaches a program that speaks nothing else, though its caller does not.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("preference-v1", says("p"))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprint(rw, r.Proto)
	}))
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	last := &w.top.Instances[len(w.top.Instances)-1]
	last.Addresses = map[int]string{8080: server.Listener.Addr().String()}
	w.top.Services[1].Ports[0].Protocol = mesh.HTTP2
	w.apply()
	if got := w.get(customer, "http://preference:8080").String(); got != "200 HTTP/2.0" {
		t.Error(got)
	}
}
