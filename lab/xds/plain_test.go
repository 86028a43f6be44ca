package xds_test

import (
	"fmt"
	"net/http"
	"testing"
)

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func TestPlain(t *testing.T) {
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	w.apply()
	for range 4 {
		t.Log(w.get(customer, "http://recommendation:8080"))
	}
	t.Log(w.get(customer, "http://recommendation:80"))
	t.Log(w.get(customer, "http://nope:8080"))
	w.apply("route-rule-recommendation-v2.yml")
	for range 4 {
		a := w.get(customer, "http://recommendation:8080")
		t.Log(a, a.header)
	}
}
