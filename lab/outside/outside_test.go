package outside_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/outside"
)

// world starts a world, and a client that reaches it by the names of its hosts.
func world(t *testing.T) (*outside.World, *http.Client) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "authority.pem")
	w, err := outside.Start(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	authority, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		t.Fatalf("no certificate in %s", authority)
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			host := mesh.ExternalHost{Port: 80}
			if strings.HasSuffix(address, ":443") {
				host = mesh.ExternalHost{Port: 443, TLS: &mesh.TLS{}}
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", w.Address(host))
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return w, &http.Client{Transport: transport}
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "lab-test")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestHosts(t *testing.T) {
	t.Parallel()
	_, client := world(t)
	for _, c := range []struct {
		url, want string
		status    int
	}{
		{"http://httpbin.org/user-agent", `"user-agent": "lab-test"`, 200},
		{"http://httpbin.org/headers", `"User-Agent": [`, 200},
		{"http://httpbin.org/status/418", "", 418},
		{"https://httpbin.org/user-agent", `"user-agent": "lab-test"`, 200},
		{"https://api.github.com/", "stand-in", 200},
		{"https://api.github.com/users", `"login": "recommendation"`, 200},
		{"https://api.github.com/users/customer", `"id": 1`, 200},
		{"https://api.github.com/users/nobody", `"message": "Not Found"`, 404},
		{"https://api.github.com/zen", `"message": "Not Found"`, 404},
		{"http://API.github.com:80/users", `"login": "customer"`, 200},
		{"https://tokens.example/jwks", `"kid":"tutorial"`, 200},
		{"https://tokens.example/", `"message": "Not Found"`, 404},
		{"https://example.org/a", "GET /a at example.org: the lab's stand-in", 200},
		{"http://example.org/", "GET / at example.org: the lab's stand-in", 200},
	} {
		t.Run(c.url, func(t *testing.T) {
			t.Parallel()
			res, body := get(t, client, c.url) //nolint:bodyclose // get closes it
			if res.StatusCode != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s: %s, want %d with %s", res.Status, body, c.status, c.want)
			}
			if !strings.Contains(res.Header.Get("X-Lab-Note"), "stand-in") {
				t.Errorf("header %v", res.Header)
			}
			if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") && !json.Valid([]byte(body)) {
				t.Errorf("no JSON: %s", body)
			}
		})
	}
}

// Istio 0.7.1 sends no server name and checks no certificate.
func TestWithoutServerName(t *testing.T) {
	t.Parallel()
	w, _ := world(t)
	address := w.Address(mesh.ExternalHost{Port: 443})
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if name := conn.ConnectionState().PeerCertificates[0].Subject.CommonName; name != "api.github.com" {
		t.Errorf("certificate of %s", name)
	}
}

func TestAuthorityIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "authority.pem")
	w, err := outside.Start(file)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close(t.Context())
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := outside.Start(filepath.Join(t.TempDir(), "missing", "authority.pem")); err == nil {
		t.Error("no error without a folder")
	}
}
