package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"istio-tutorial/service/servicetest"
)

func TestShow(t *testing.T) {
	t.Parallel()
	page, large := "{\n  \"headers\": {}\n}", strings.Repeat("x", pageLimit)
	type (
		w = http.ResponseWriter
		r = *http.Request
	)
	pages := map[string]func(w, r){
		"/headers":  func(w w, _ r) { fmt.Fprintln(w, page) },
		"/agent":    func(w w, r r) { fmt.Fprint(w, r.UserAgent()) },
		"/large":    func(w w, _ r) { fmt.Fprint(w, large) },
		"/toolarge": func(w w, _ r) { fmt.Fprint(w, large, "x") },
		"/refused":  func(w w, _ r) { http.Error(w, "rate limit", http.StatusForbidden) },
		"/empty":    func(w w, _ r) { w.WriteHeader(http.StatusNotFound) },
		"/moved":    func(w w, r r) { http.Redirect(w, r, "/headers", http.StatusFound) },
		"/aborted":  func(w, r) { panic(http.ErrAbortHandler) },
	}
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages[r.URL.Path](w, r)
	}))
	t.Cleanup(outside.Close)
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/headers", 200, page + "\n"},
		{"/agent", 200, "Go-http-client/1.1\n"},
		{"/large", 200, large + "\n"},
		{"/toolarge", 503, "egress => " + outside.URL + "/toolarge: answer above 4096 KiB\n"},
		{"/refused", 503, "egress => 403 rate limit\n"},
		{"/empty", 503, "egress => 404 Not Found\n"},
		{"/moved", 503, "egress => " + outside.URL + "/moved: unexpected answer: 302 Found\n"},
		{"/aborted", 503, "egress => " + outside.URL + "/aborted: connection closed before the answer\n"},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			s := servicetest.Start(t, program(), map[string]string{"EGRESS_URL": outside.URL + c.path})
			got := servicetest.Get(t, s.URL)
			if got.Status != c.status || got.Body != c.want {
				t.Errorf("got %d %.200q, want %d %.200q", got.Status, got.Body, c.status, c.want)
			}
			s.End()
			if n := len(s.Log("the outside failed")); n != 1 && c.status != 200 || n > 0 && c.status == 200 {
				t.Errorf("%d warnings for a %d", n, c.status)
			}
		})
	}
}

func TestAddressIsRequired(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":            `egress: EGRESS_URL: "": not an http or https address` + "\n",
		"httpbin.org": `egress: EGRESS_URL: "httpbin.org": not an http or https address` + "\n",
	} {
		got := servicetest.Run(t, program(), map[string]string{"EGRESS_URL": value})
		if got.Status != 2 || got.Stderr != want {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
}
