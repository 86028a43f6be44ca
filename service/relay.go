package service

import (
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/hop"
	"istio-tutorial/service/setting"
)

// Next is the service that a program asks, as its settings say.
type Next struct {
	Name    string        // Required.
	Setting string        // the variable that holds the address. Required.
	URL     string        // where it is by default. Optional: without it, the setting must be made.
	Timeout time.Duration // for its whole answer, by default. Required.

	url     *url.URL
	timeout time.Duration
}

// Declare adds the address and the time-out.
func (n *Next) Declare(s *setting.Set) {
	s.Add(n.Setting, n.URL, "address of "+n.Name, setting.URL(&n.url))
	s.Add("NEXT_HOP_TIMEOUT", n.Timeout.String(), "how long to wait for the whole answer of "+n.Name,
		setting.Duration(&n.timeout))
}

// Client asks the next service for the program in the frame. Limit bounds an answer, in bytes.
func (n *Next) Client(f Frame, limit int64) *hop.Client {
	return hop.NewClient(hop.Config{Name: n.Name, URL: n.url, Timeout: n.timeout, Limit: limit, Tracer: f.Tracer})
}

// relayLimit is far above what the chain's services say, in bytes.
const relayLimit = 64 << 10

// Relay is a program that does nothing but ask the next service and say so.
func Relay(name string, next Next) Program {
	return Program{
		Name:    name,
		About:   "answers with what " + next.Name + " says",
		Declare: next.Declare,
		Routes: func(r chi.Router, f Frame) {
			r.Get("/", hop.Relay{Name: name, Next: next.Client(f, relayLimit), Log: f.Log}.ServeHTTP)
		},
	}
}
