package hop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// plain asks one address by HTTP/1.1, without a proxy and without TLS, and keeps its
// connections. Whoever asks writes the request and reads the answer: net/http's Transport has
// two goroutines for each connection, and handing over to them costs a third of a call.
type plain struct {
	address string // host:port
	dialer  *net.Dialer
	idleFor time.Duration

	mu       sync.Mutex
	idle     []*kept // the one used last is the last
	sweeping bool    // sweep will come
}

// kept is a connection that may serve one request after the other.
type kept struct {
	net.Conn
	left  *io.LimitedReader // of it, that in may take
	in    *bufio.Reader
	out   *bufio.Writer
	since time.Time // it has been idle
}

// RoundTrip implements http.RoundTripper for requests without a body.
func (p *plain) RoundTrip(r *http.Request) (*http.Response, error) {
	k, err := p.connection(r.Context())
	if err != nil {
		return nil, err
	}
	// a deadline that is over ends what waits for the connection
	stop := context.AfterFunc(r.Context(), func() { _ = k.SetDeadline(time.Unix(1, 0)) })
	res, err := k.ask(r)
	if err != nil {
		stop()
		_ = k.Close()
		return nil, err
	}
	res.Body = &body{Reader: res.Body, release: func(whole bool) {
		if stop() && whole && !res.Close && k.in.Buffered() == 0 {
			p.keep(k)
		} else {
			_ = k.Close()
		}
	}}
	return res, nil
}

// body is an answer's. Its Close releases the connection, and never reads on: an answer may
// have no end.
type body struct {
	io.Reader
	whole   bool // it was read
	release func(whole bool)
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.whole = b.whole || errors.Is(err, io.EOF)
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.release(b.whole)
	return nil
}

// ask writes the request and reads the answer's header, after those that only announce one.
func (k *kept) ask(r *http.Request) (*http.Response, error) {
	if err := r.Write(k.out); err != nil {
		return nil, err
	}
	if err := k.out.Flush(); err != nil {
		return nil, err
	}
	k.left.N = maxHeader
	if _, err := k.in.Peek(1); err != nil {
		return nil, err // ReadResponse cannot tell that nothing came
	}
	for {
		res, err := http.ReadResponse(k.in, r)
		if err != nil && k.left.N == 0 {
			err = fmt.Errorf("the answer's headers exceeded %d bytes", maxHeader)
		}
		if err != nil || res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			k.left.N = math.MaxInt64 // a body has another limit
			return res, err
		}
	}
}

// connection returns one that is idle, if there is any, or a new one.
func (p *plain) connection(ctx context.Context) (*kept, error) {
	for k := p.take(); k != nil; k = p.take() {
		if quiet(k.Conn) {
			return k, nil
		}
		_ = k.Close() // by the server, or out of step
	}
	c, err := p.dialer.DialContext(ctx, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	left := &io.LimitedReader{R: c}
	return &kept{Conn: c, left: left, in: bufio.NewReader(left), out: bufio.NewWriter(c)}, nil
}

func (p *plain) take() *kept {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	k := p.idle[last]
	p.idle = p.idle[:last]
	return k
}

func (p *plain) keep(k *kept) {
	k.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == maxIdle {
		_ = k.Close()
		return
	}
	p.idle = append(p.idle, k)
	if !p.sweeping {
		p.sweeping = true
		time.AfterFunc(p.idleFor, p.sweep)
	}
}

// sweep closes what has been idle for long, and comes again while anything is idle.
func (p *plain) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.idle) && time.Since(p.idle[old].since) >= p.idleFor {
		_ = p.idle[old].Close()
		old++
	}
	p.idle = slices.Delete(p.idle, 0, old)
	if p.sweeping = len(p.idle) > 0; p.sweeping {
		time.AfterFunc(p.idleFor, p.sweep)
	}
}
