package hop

import (
	"net"
	"net/http"
	"time"
)

// The two ways to the next hop, for the tests outside: servicetest imports this package.
type Plain = plain

func NewPlain(address string, idleFor time.Duration) *Plain {
	return &plain{address: address, dialer: &net.Dialer{}, idleFor: idleFor}
}

func NewOnce() http.RoundTripper { return once{&http.Transport{DisableCompression: true}} }

// Usable reports whether there is an idle connection that the next request would use.
func (p *plain) Usable() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle) > 0 && quiet(p.idle[len(p.idle)-1].Conn)
}
