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
		{200, "recommendation v1 from 'unknown': 1\n", "200 preference => recommendation v1 from 'unknown': 1\n"},
		{503, "fault filter abort", "503 preference => 503 fault filter abort\n"},
		{504, "upstream request timeout", "503 preference => 504 upstream request timeout\n"},
		{503, "recommendation misbehavior from '785465d9cd-ldc6j'\n",
			"503 preference => 503 recommendation misbehavior from '785465d9cd-ldc6j'\n"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			next := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			t.Cleanup(next.Close)
			s := servicetest.Start(t, program(), map[string]string{"RECOMMENDATION_URL": next.URL})
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
		"preference answers with what recommendation says\n",
		"$RECOMMENDATION_URL\n        address of recommendation (default http://recommendation:8080)\n",
		"$NEXT_HOP_TIMEOUT\n        how long to wait for the whole answer of recommendation (default 30s)\n",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("there is no %q in\n%s", want, help)
		}
	}
	got := servicetest.Run(t, program(), map[string]string{"RECOMMENDATION_URL": "recommendation:8080"})
	const want = "preference: RECOMMENDATION_URL: \"recommendation:8080\": not an http or https address\n"
	if got.Status != 2 || got.Stderr != want {
		t.Errorf("got %+v, want %q", got, want)
	}
}
