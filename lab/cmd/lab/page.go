package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"istio-tutorial/lab/console"
	"istio-tutorial/lab/control"
	"istio-tutorial/lab/routes"
	"istio-tutorial/lab/traffic"
)

const (
	defaultConsole = "127.0.0.1:8281"
	noConsole      = "off"
)

// pageFlags say where the live page is.
type pageFlags struct {
	address string
	given   bool // somebody asked for this address
}

// listen returns nil where there is to be no page. The usual port may be another lab's, or the
// ingress': then it is any free one, and moved is true where somebody else has it.
func (p pageFlags) listen(ctx context.Context, ingress string) (l net.Listener, moved bool, err error) {
	if p.address == noConsole {
		return nil, false, nil
	}
	var c net.ListenConfig
	err = syscall.EADDRINUSE
	moved = p.address != ingress
	if p.given || moved {
		if l, err = c.Listen(ctx, "tcp", p.address); err == nil {
			return l, false, nil
		}
	}
	if p.given || !errors.Is(err, syscall.EADDRINUSE) {
		return nil, false, fmt.Errorf("--console: %w; --console=%s does without the page", err, noConsole)
	}
	host, _, _ := net.SplitHostPort(p.address)
	l, err = c.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	return l, moved, err
}

// pageURL is what a reader types. Browsers take localhost for this machine, as IPv6 and as IPv4.
func pageURL(addr net.Addr) string {
	if _, port, err := net.SplitHostPort(addr.String()); err == nil && strings.HasPrefix(addr.String(), "127.0.0.1:") {
		return "http://localhost:" + port
	}
	return "http://" + addr.String()
}

// page serves the live page of the lab that a client asks.
func (s *start) page(ctx context.Context, listener net.Listener, client *control.Client) *console.Console {
	return console.Start(listener, console.Config{
		Lab:   client,
		Typed: func(verb string) string { return strings.TrimSpace(s.line(verb)) },
		Why: func(w io.Writer, r *traffic.Request, language string) {
			whyPrinter{speechOf(language), w, s.line, isGone(ctx, client)}.why(r, "")
		},
		Routes: func(r routes.Table) (routes, clusters [][]string) { return routeRows(r), clusterRows(r) },
	})
}

// explainRequest prints what the verb why does.
func (a *app) explainRequest(w io.Writer, r *traffic.Request, language string) {
	whyPrinter{speechOf(language), w, a.line, nil}.why(r, "")
}

// checkAddress completes an address that only this machine reaches; flag is what says it.
func checkAddress(flag, address, standard string) (string, error) {
	full := address
	if !strings.Contains(address, ":") {
		full = ":" + address
	}
	host, port, err := net.SplitHostPort(full)
	if err != nil {
		return "", misusef("--%s: %w", flag, err)
	}
	if host = cmp.Or(host, "127.0.0.1"); host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", misusef("--%s=%s: want an address that only this machine reaches, such as %s",
			flag, address, standard)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return "", misusef("--%s=%s: port %q: want a number up to 65535", flag, address, port)
	}
	return net.JoinHostPort(host, port), nil
}
