package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/outside"
)

func TestArguments(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for words, c := range map[string]struct {
		args   []string
		status int
	}{
		"want one argument": {nil, 2},
		"no such file":      {[]string{bad + "x"}, 1},
		"bad.pem: ":         {[]string{bad}, 1},
	} {
		var said bytes.Buffer
		if status := run(t.Context(), c.args, &said); status != c.status || !strings.Contains(said.String(), words) {
			t.Errorf("%q: status %d, %s", c.args, status, said.String())
		}
	}
}

// TestServe answers for a host over TLS, by the authority that was made elsewhere.
func TestServe(t *testing.T) {
	t.Parallel()
	ca, err := outside.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	public, whole, err := ca.PEM()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(public)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	encrypted := free(t)
	ended := make(chan error)
	go func() { ended <- serve(ctx, file, free(t), encrypted) }()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial(ctx, encrypted)
		},
	}}
	defer client.CloseIdleConnections()
	res, err := client.Get("https://api.github.com/users")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if res.Body.Close(); err != nil || !strings.Contains(string(body), `"login"`) {
		t.Errorf("%s, %v", body, err)
	}
	client.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// free is an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// dial waits until somebody listens.
func dial(ctx context.Context, address string) (net.Conn, error) {
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
