package network_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/lab/network"
)

// free is an address where nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// open is a door to one server, whatever is asked for; gone.test is nobody's.
func open(t *testing.T, server string) *http.Client {
	t.Helper()
	at := free(t)
	door, err := network.Open(at, func(hostPort string) (string, string, error) {
		if strings.HasPrefix(hostPort, "gone.test") {
			return "", "", fmt.Errorf("%s: %w", hostPort, network.ErrNoHost)
		}
		return "tcp", server, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := door.Close(); err != nil {
			t.Error(err)
		}
	})
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: at})}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(c *http.Client, url string) (int, string, error) {
	resp, err := c.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestPassesRequestsOnAsTheyAre(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.Host, r.URL.Path, r.Header["X-Forwarded-For"], r.Header["Via"])
	}))
	defer server.Close()
	c := open(t, server.Listener.Addr().String())
	if status, body, err := get(c, "http://preference:8080/a"); status != 200 || body != "GET preference:8080/a[] []" {
		t.Errorf("%d %q, %v", status, body, err)
	}
	if status, body, err := get(c, "http://gone.test/"); status != 502 || !strings.Contains(body, "no such host") {
		t.Errorf("of nobody: %d %q, %v", status, body, err)
	}
}

// TestHangsUpAsTheServerDid holds that no answer is made up where there was none.
func TestHangsUpAsTheServerDid(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			c.Close()
		}
	}()
	status, body, err := get(open(t, l.Addr().String()), "http://preference:8080")
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("%d %q, %v; want the connection reset", status, body, err)
	}
}

func TestTunnels(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "secret")
	}))
	defer server.Close()
	c := open(t, server.Listener.Addr().String())
	c.Transport.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	c.Transport.(*http.Transport).TLSClientConfig.ServerName = "example.com"
	if status, body, err := get(c, "https://preference:8443"); status != 200 || body != "secret" {
		t.Errorf("%d %q, %v", status, body, err)
	}
}
