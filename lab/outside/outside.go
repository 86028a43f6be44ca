// Package outside is the world outside the mesh, on this machine: a real httpbin as httpbin.org,
// a stand-in for the little of api.github.com that the tutorial shows, and a page that says so
// for every other host, in plain text and over TLS.
package outside

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/mccutchen/go-httpbin/v2/httpbin"

	"istio-tutorial/lab/mesh"
)

// World answers in place of all external hosts. It must be closed.
type World struct {
	plain, encrypted net.Listener
	server           *http.Server
	serving          sync.WaitGroup
}

// Start listens on loopback and writes the certificate of a new authority, which signs those of
// all hosts, to a file. Its key is nowhere but in memory.
func Start(authorityFile string) (*World, error) {
	ca, err := NewAuthority(time.Now())
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	public, _, err := ca.PEM()
	if err == nil {
		err = os.WriteFile(authorityFile, public, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	return Listen("127.0.0.1:0", "127.0.0.1:0", ca)
}

// Listen serves all hosts at two addresses, in plain text and over TLS.
func Listen(plain, encrypted string, ca *Authority) (*World, error) {
	w := &World{server: newServer()}
	for _, l := range []struct {
		at       string
		listener *net.Listener
	}{{plain, &w.plain}, {encrypted, &w.encrypted}} {
		var err error
		if *l.listener, err = net.Listen("tcp", l.at); err != nil {
			return nil, errors.Join(fmt.Errorf("outside: %w", err), w.Close(context.Background()))
		}
	}
	w.serve(w.plain)
	w.serve(tls.NewListener(w.encrypted, &tls.Config{
		GetCertificate: ca.certificate,
		NextProtos:     []string{"h2", "http/1.1"},
	}))
	return w, nil
}

func newServer() *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           hosts(httpbin.New(), github(), tokens(), stranger()),
		Protocols:         protocols,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // a client that hangs up is no news
	}
}

func (w *World) serve(l net.Listener) {
	w.serving.Go(func() { _ = w.server.Serve(l) }) // it ends when the server is closed
}

// Address is where a host outside is, host:port on loopback.
func (w *World) Address(host mesh.ExternalHost) string {
	if host.TLS != nil || cmp.Or(host.Target, host.Port) == 443 {
		return w.encrypted.Addr().String()
	}
	return w.plain.Addr().String()
}

// Close ends the world, and hangs up on whoever still waits when ctx ends.
func (w *World) Close(ctx context.Context) error {
	err := w.server.Shutdown(ctx)
	if err != nil {
		_ = w.server.Close()
	}
	for _, l := range []net.Listener{w.plain, w.encrypted} {
		if l != nil {
			_ = l.Close() // the server may have done so
		}
	}
	w.serving.Wait()
	return err
}
