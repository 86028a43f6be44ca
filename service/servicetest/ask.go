package servicetest

import (
	"context"
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
	return Ask(t, Request(t.Context(), t, url))
}

// Request returns a GET that ends with the context.
func Request(ctx context.Context, t testing.TB, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
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
	a, err := ask(req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Outcome is an answer or an error.
type Outcome struct {
	Answer
	Err error
}

// Later sends the request, does not wait, and brings what comes of it.
func Later(req *http.Request) <-chan Outcome {
	outcome := make(chan Outcome, 1)
	go func() {
		a, err := ask(req)
		outcome <- Outcome{a, err}
	}()
	return outcome
}

func ask(req *http.Request) (Answer, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return Answer{res.StatusCode, res.Header, string(body)}, err
}
