package telemetry

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestFromHere refuses what a web page can send.
func TestFromHere(t *testing.T) {
	t.Parallel()
	handler := fromHere(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, c := range []struct {
		host, origin string
		want         int
	}{
		{"127.0.0.1:1", "", http.StatusOK},
		{"[::1]:1", "", http.StatusOK},
		{"localhost:1", "", http.StatusOK},
		{"evil.example:1", "", http.StatusForbidden},
		{"", "", http.StatusForbidden},
		{"127.0.0.1:1", "http://evil.example", http.StatusForbidden},
		{"127.0.0.1:1", "null", http.StatusForbidden},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, metricsPath, nil)
		r.Host = c.host
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%q from %q: status %d, want %d", c.host, c.origin, w.Code, c.want)
		}
	}
}
