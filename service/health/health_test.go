package health_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/health"
)

func TestProbes(t *testing.T) {
	t.Parallel()
	const up, out = `{"status":"UP"}` + "\n", `{"status":"OUT_OF_SERVICE"}` + "\n"
	state, router := &health.State{}, chi.NewRouter()
	state.Routes(router)
	for _, c := range []struct {
		path     string
		draining bool
		status   int
		body     string
	}{ // in this order: draining is for good
		{"/health", false, 200, up},
		{"/health/live", false, 200, up},
		{"/health/ready", false, 200, up},
		{"/health/other", false, 404, "404 page not found\n"},
		{"/health", true, 200, up},
		{"/health/live", true, 200, up},
		{"/health/ready", true, 503, out},
	} {
		if c.draining {
			state.Drain()
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != c.status || w.Body.String() != c.body || state.Draining() != c.draining {
			t.Errorf("%s, draining %v: got %d %q, want %d %q",
				c.path, c.draining, w.Code, w.Body, c.status, c.body)
		}
		if c.status != 404 && w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s is %v", c.path, w.Header())
		}
	}
}
