package service_test

import (
	"io"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service"
	"istio-tutorial/service/setting"
)

// hold is where requests to GET /hold of a sample wait. Each of them says that it has come,
// and goes on when it may, or when its caller is gone.
type hold struct{ come, goOn chan struct{} }

func newHold() hold { return hold{make(chan struct{}, 99), make(chan struct{})} }

func (h hold) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.come <- struct{}{}
	select {
	case <-h.goOn:
		_, _ = io.WriteString(w, "held\n")
	case <-r.Context().Done():
	}
}

// sample returns a program that answers hello.
func sample(h hold) service.Program {
	var size time.Duration
	return service.Program{
		Name:    "sample",
		About:   "is there for the tests",
		Declare: func(s *setting.Set) { s.Add("SIZE", "1s", "of it all", setting.Duration(&size)) },
		Routes: func(r chi.Router, _ service.Frame) {
			hello := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello\n") }
			r.Get("/", hello)
			r.Put("/set", hello)
			r.Get("/both", hello)
			r.Put("/both", hello)
			r.Get("/hold", h.ServeHTTP)
			r.Get("/fail", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			r.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("not the tests' fault") })
		},
		Command: func(name string) (service.Command, bool) {
			return service.Command{Method: http.MethodPut, Path: service.NoArguments("/set")}, name == "set"
		},
		Help: "  sample set    set it\n",
	}
}
