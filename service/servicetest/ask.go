package servicetest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Answer is what a server said.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Get asks the address.
func Get(t testing.TB, url string) Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Ask(t, req)
}

// Send asks the address with a method and a body.
func Send(t testing.TB, method, url, body string) Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return Ask(t, req)
}

// Ask sends the request, and fails the test when there is no answer.
func Ask(t testing.TB, req *http.Request) Answer {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{res.StatusCode, res.Header, string(body)}
}
