// Package network is what a cluster's network is to a program without a sidecar: its calls go to a pod
// of the service that they name, past all rules, and what a connection ends with is what it sees.
//
// On a cluster the program would look the name up and connect. Here it asks its HTTP_PROXY, as the
// programs of other pods do, so that it needs no change.
package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// Find is where a call of host:port goes: a network and an address of package net.
type Find func(hostPort string) (network, address string, err error)

// headers is how long a program may take to say what it wants.
const headers = 10 * time.Second

// Door takes the calls of one program.
type Door struct {
	find   Find
	server http.Server
	served sync.WaitGroup
}

// Open takes calls at an address, host:port, until Close.
func Open(address string, find Find) (*Door, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	d := &Door{find: find}
	d.server = http.Server{
		Handler: d, ReadHeaderTimeout: headers, ErrorLog: log.New(io.Discard, "", 0),
	}
	d.served.Go(func() { _ = d.server.Serve(l) }) // ends with ErrServerClosed
	return d, nil
}

// Close ends all calls.
func (d *Door) Close() error {
	err := d.server.Close()
	d.served.Wait()
	return err
}

// ServeHTTP takes a call.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if r.URL.Host != "" {
		host = r.URL.Host
	}
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(host, "80")
	}
	network, address, err := d.find(host)
	if err != nil { // the program's own look-up would have failed
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, address)
	}
	if r.Method == http.MethodConnect {
		tunnel(w, r, dial)
		return
	}
	pass(w, r, dial)
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// pass hands a request on as it is. A connection for each: what the server thinks of new ones, the
// program learns at once.
func pass(w http.ResponseWriter, r *http.Request, dial dialer) {
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", p.In.Host, p.In.Host
		},
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true},
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { hangUp(w) },
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	proxy.ServeHTTP(w, r)
}

// hangUp resets the program's connection, as the server did.
func hangUp(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// tunnel hands on what it does not read.
func tunnel(w http.ResponseWriter, r *http.Request, dial dialer) {
	server, err := dial(r.Context(), "", "")
	if err != nil {
		hangUp(w)
		return
	}
	defer func() { _ = server.Close() }()
	w.WriteHeader(http.StatusOK)
	program, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = program.Close() }()
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(server, buffered); closeWrite(server) })
	both.Go(func() { _, _ = io.Copy(program, server); closeWrite(program) })
	both.Wait()
}

func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// ErrNoHost says that nobody has a name.
var ErrNoHost = errors.New("no such host")
