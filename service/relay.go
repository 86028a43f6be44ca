package service

import (
	"github.com/go-chi/chi/v5"

	"istio-tutorial/service/hop"
	"istio-tutorial/service/setting"
)

// relayLimit is far above what the chain's services say, in bytes.
const relayLimit = 64 << 10

// Relay returns a program that does nothing but ask the next service and say so. The variable
// holds the next service's address, with the default.
func Relay(name string, next hop.Next, variable, address string) Program {
	return Program{
		Name:    name,
		About:   "answers with what " + next.Name + " says",
		Declare: func(s *setting.Set) { next.Declare(s, variable, address) },
		Routes: func(r chi.Router, f Frame) {
			next.Failed = f.Errors(next.Name, hop.Causes())
			r.Get("/", hop.Relay{Name: name, Next: hop.NewClient(next, relayLimit, f.Tracer), Log: f.Log}.ServeHTTP)
		},
	}
}
