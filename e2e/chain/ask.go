package chain

import (
	"io"
	"net/http"
	"testing"

	"istio-tutorial/e2e/await"
)

// Answer is what a service said.
type Answer struct {
	Status int
	Type   string // the body's Content-Type
	Body   string
}

// Ask sends one GET, without a proxy, on a connection of its own. Headers are pairs of a name
// and a value.
func Ask(url string, headers ...string) (Answer, error) {
	client := http.Client{Timeout: 2 * await.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return Answer{}, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return Do(&client, req)
}

// Do sends the request and reads the whole answer.
func Do(client *http.Client, req *http.Request) (Answer, error) {
	res, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return Answer{res.StatusCode, res.Header.Get("Content-Type"), string(body)}, err
}

// Get calls Ask for a test, which fails without an answer, whatever its status.
func (p *Process) Get(t testing.TB, path string, headers ...string) Answer {
	t.Helper()
	a, err := Ask(p.URL()+path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
