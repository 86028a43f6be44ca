package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"istio-tutorial/service/servicetest"
)

// Byte for byte what the original says.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status     int
		body, want string
	}{
		{200, "preference => recommendation v1 from 'unknown': 1\n",
			"200 customer => preference => recommendation v1 from 'unknown': 1\n"},
		{200, "preference => recommendation v1 from '6fc97476f8-m2ntp': 1\n",
			"200 customer => preference => recommendation v1 from '6fc97476f8-m2ntp': 1\n"},
		{503, "preference => 503 fault filter abort\n", "503 customer => 503 preference => 503 fault filter abort\n"},
		{503, "preference => 504 upstream request timeout\n",
			"503 customer => 503 preference => 504 upstream request timeout\n"},
		{503, "preference => 503 recommendation misbehavior from '785465d9cd-ldc6j'\n",
			"503 customer => 503 preference => 503 recommendation misbehavior from '785465d9cd-ldc6j'\n"},
		{404, "NOT_FOUND:preferencewhitelist.listchecker.istio-tutorial:customer is not whitelisted",
			"503 customer => 404 NOT_FOUND:preferencewhitelist.listchecker.istio-tutorial:customer is not whitelisted\n"},
		{403, "PERMISSION_DENIED:denycustomerhandler.denier.istio-tutorial:Not allowed",
			"503 customer => 403 PERMISSION_DENIED:denycustomerhandler.denier.istio-tutorial:Not allowed\n"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			next := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			t.Cleanup(next.Close)
			s := servicetest.Start(t, program(), map[string]string{"PREFERENCE_URL": next.URL})
			got := servicetest.Get(t, s.URL)
			if line := fmt.Sprintf("%d %s", got.Status, got.Body); line != c.want {
				t.Errorf("got %q, want %q", line, c.want)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	help := servicetest.Run(t, program(), nil, "-h").Stdout
	for _, want := range []string{
		"customer answers with what preference says\n",
		"$PREFERENCE_URL\n        address of preference (default http://preference:8080)\n",
		"$NEXT_HOP_TIMEOUT\n        how long to wait for the whole answer of preference (default 35s)\n",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("there is no %q in\n%s", want, help)
		}
	}
	got := servicetest.Run(t, program(), map[string]string{"PREFERENCE_URL": "preference:8080"})
	const want = "customer: PREFERENCE_URL: \"preference:8080\": not an http or https address\n"
	if got.Status != 2 || got.Stderr != want {
		t.Errorf("got %+v, want %q", got, want)
	}
}
