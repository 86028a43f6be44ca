package xds_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/match"
)

// choices is how many generated requests TestChoices sends.
var choices = flag.Int("choices", 10_000, "how many generated requests go through Envoy and the lab's own match")

// generator makes rules and requests that are near to each other, so that conditions are met and
// missed about as often.
type generator struct{ *rand.Rand }

func of[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

func (g generator) path() string { return of(g, "/", "/a", "/a/", "/a/b", "/ab", "/A", "/a/b/c", "/b") }

func (g generator) text() string { return of(g, "a", "ab", "b", "A", "", "a.b", "aXb") }

func (g generator) pattern() string {
	return of(g, "a", "a.*", ".*b", "a|b", "a.b", "[a-b]+", "(?i)A.*", ".*")
}

// condition is one that the lab's rules can make.
func (g generator) condition() mesh.Condition {
	c := mesh.Condition{
		Attribute: of(g, mesh.Path, mesh.Path, mesh.Method, mesh.Authority, mesh.Scheme, mesh.Header, mesh.Header, mesh.Header, mesh.Query),
		Compare:   of(g, mesh.Exact, mesh.Prefix, mesh.Regex, mesh.Present),
		Value:     g.text(), Not: g.IntN(4) == 0,
	}
	switch c.Attribute {
	case mesh.Path:
		c.Compare, c.Value = of(g, mesh.Exact, mesh.Prefix, mesh.Segments, mesh.Regex), g.path()
		c.IgnoreCase = c.Compare != mesh.Regex && g.IntN(3) == 0
	case mesh.Method:
		c.Value = of(g, "GET", "POST", "G", "P.*")
	case mesh.Authority:
		c.Value = of(g, "h0", "h1.*", "h", ".*:80")
	case mesh.Scheme:
		c.Value = of(g, "http", "https", "h")
	case mesh.Header:
		c.Header, c.EmptyIfMissing = of(g, "x-a", "x-b", "x-c"), g.IntN(4) == 0
	case mesh.Query:
		c.Header, c.Not, c.Value = of(g, "q", "p"), false, of(g, "a", "ab", "b")
	}
	if c.Compare == mesh.Regex && c.Attribute != mesh.Path {
		c.Value = g.pattern()
	}
	return c
}

func (g generator) host(n int) mesh.VirtualHost {
	h := mesh.VirtualHost{Names: []string{fmt.Sprintf("h%d", n)}, Port: 80}
	for i := range 6 {
		var match []mesh.Condition
		for range 1 + g.IntN(3) {
			match = append(match, g.condition())
		}
		h.Routes = append(h.Routes, mesh.Route{
			From: fmt.Sprintf("r%d", i), Match: match,
			Direct: &mesh.Response{Status: 200, Body: fmt.Sprint(i)},
		})
	}
	return h
}

func (g generator) asked(hosts int) match.Asked {
	query := of(g, "", "", "?q=a", "?q", "?p=b&q=ab", "?q=", "?q=a&q=b", "?x=q")
	a := match.Asked{
		Method: of(g, "GET", "GET", "POST"), Host: fmt.Sprintf("h%d", g.IntN(hosts)) + of(g, "", "", ":80"),
		Path: g.path() + query, Scheme: "http",
	}
	headers := map[string]*string{}
	for _, name := range []string{"x-a", "x-b", "x-c"} {
		headers[name] = nil
		if g.IntN(3) > 0 {
			headers[name] = new(g.text())
		}
	}
	text, _ := json.Marshal(headers) // it is plain data
	a.Headers = envoy.Headers(text)
	return a
}

// TestChoices sends generated requests to generated rules, and has the lab say which route acts:
// `bin/lab why` says of each rule why it did not.
func TestChoices(t *testing.T) {
	t.Parallel()
	const hosts = 60
	g := generator{rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	w := newWorld(t)
	client := w.pod("preference-v1", says("p"))
	m := w.mesh()
	out := &m.Sidecars[0].Outbound
	out.Hosts = nil
	for n := range hosts {
		out.Hosts = append(out.Hosts, g.host(n))
	}
	out.AllowAny, out.Unknown = false, mesh.Response{Status: 404}
	w.mustPush(m)
	requests := make(chan match.Asked)
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			c := client.client(t)
			for a := range requests {
				if err := sameChoice(t, c, *out, a); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range *choices {
		if t.Failed() {
			break
		}
		requests <- g.asked(hosts)
	}
	close(requests)
	senders.Wait()
}

// sameChoice asks Envoy and the lab for the route of a request.
func sameChoice(t *testing.T, client *http.Client, out mesh.Outbound, a match.Asked) error {
	req := &http.Request{
		Method: a.Method, URL: &url.URL{Scheme: "http", Host: a.Host, Opaque: "http://" + a.Host + a.Path},
		Host: a.Host, Header: http.Header{"User-Agent": nil},
	}
	var headers map[string]*string
	if err := json.Unmarshal([]byte(a.Headers), &headers); err != nil {
		return err
	}
	for name, value := range headers {
		if value != nil {
			req.Header.Set(name, *value)
		}
	}
	resp, err := client.Do(req.WithContext(t.Context()))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	nobody := func(mesh.Route) bool { return false } // all is kept
	host, route := match.Choose(out, a, nobody)
	want := fmt.Sprintf("%d %s", resp.StatusCode, strings.TrimSpace(string(body)))
	got := "404 "
	if route >= 0 {
		got = fmt.Sprintf("200 %d", route)
	}
	if got != want {
		rules := ""
		for i := 0; host >= 0 && i < len(out.Hosts[host].Routes); i++ {
			rules += fmt.Sprintf("\n%d: %+v", i, out.Hosts[host].Routes[i].Match)
		}
		return fmt.Errorf("%+v: Envoy answers %q, the lab says %q %s", a, want, got, rules)
	}
	return nil
}
