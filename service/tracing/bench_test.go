package tracing_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkPass takes what a request costs a service that asks another: two spans with Jaeger,
// or the passing on of the caller's headers.
func BenchmarkPass(b *testing.B) {
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer backend.Close()
	for name, env := range map[string]map[string]string{"off": nil, "jaeger": tracers(backend.URL)["jaeger"]} {
		b.Run(name, func(b *testing.B) {
			tracer, _, err := open(env)
			if err != nil {
				b.Fatal(err)
			}
			in := httptest.NewRequest(http.MethodGet, "/", nil)
			in.Header = headers("X-B3-Traceid", trace, "X-B3-Spanid", caller, "X-B3-Sampled", "1")
			out := httptest.NewRequest(http.MethodGet, "http://preference:8080/", nil)
			calls := tracer.Calls("preference", out.URL)
			b.ReportAllocs()
			for b.Loop() {
				clear(out.Header)
				r, server := tracer.Server(in, "GET /")
				calls.Begin(r, out).End(http.StatusOK, false)
				server.End(http.StatusOK, false)
			}
			_ = tracer.Close()
		})
	}
}
