package xds_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestItself has a pod call itself as programs do that hand every call to their proxy: no rule
// acts, and what else is on its machine is not in reach.
func TestItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	says := func(name string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprint(rw, name, r.URL.Path, r.Header["X-Lab-Caller"])
		}
	}
	pods := []*pod{
		w.pod("recommendation-v1", says("recommendation-v1")),
		w.pod("recommendation-v2", says("recommendation-v2")),
	}
	second := httptest.NewServer(says("its other port"))
	defer second.Close()
	last := &w.top.Instances[len(w.top.Instances)-1]
	last.Addresses = map[int]string{8080: last.Addresses[8080], 80: second.Listener.Addr().String()}
	w.apply("acl-blacklist.yml", denyAll, "route-rule-recommendation-503.yml")
	for url, want := range map[string]string{
		"http://localhost:8080/a": "200 recommendation-v2/a[]",
		"http://127.0.0.1:8080/b": "200 recommendation-v2/b[]",
		"http://[::1]:8080/c":     "200 recommendation-v2/c[]",
		"http://LOCALHOST/d":      "200 its other port/d[]",
		"http://localhost:8081":   "404 ",
	} {
		for range 3 {
			if got := w.get(pods[1], url, "x-lab-caller: me").String(); got != want {
				t.Errorf("%s: %s, want %s", url, got, want)
			}
		}
	}
	if got := w.get(pods[0], "http://localhost:8080/").String(); got != "200 recommendation-v1/[]" {
		t.Error(got)
	}
	if got := w.get(pods[0], "http://localhost/").String(); got != "404 " {
		t.Errorf("another's port: %s", got)
	}
}
