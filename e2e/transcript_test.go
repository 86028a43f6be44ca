package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"istio-tutorial/e2e/chain"
)

// said returns an answer in plain text.
func said(status int, body string) chain.Answer {
	return chain.Answer{Status: status, Type: "text/plain; charset=utf-8", Body: body}
}

// The transcripts of the tutorial without a mesh, byte for byte.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		env  chain.Env // recommendation's
		ask  []string  // what recommendation is asked before
		want chain.Answer
	}{
		{"no host", nil, nil,
			said(200, "customer => preference => recommendation v1 from 'unknown': 1\n")},
		{"a pod", chain.Env{"HOSTNAME": "recommendation-v1-6fc97476f8-m2ntp"}, nil,
			said(200, "customer => preference => recommendation v1 from '6fc97476f8-m2ntp': 1\n")},
		{"v2", chain.Env{"HOSTNAME": "recommendation-v2-3607260446-zqktb", "VERSION": "v2"}, nil,
			said(200, "customer => preference => recommendation v2 from '3607260446-zqktb': 1\n")},
		{"misbehaviour", chain.Env{"HOSTNAME": "recommendation-v2-785465d9cd-ldc6j"}, []string{"/misbehave"},
			said(503, "customer => 503 preference => 503 recommendation misbehavior from '785465d9cd-ldc6j'\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := programs().Chain(t, chain.Settings{Recommendation: test.env})
			for _, path := range test.ask {
				c.Recommendation.Get(t, path)
			}
			if got := c.Customer.Get(t, "/"); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// The transcripts of the tutorial with a mesh: the answers are Envoy's and Mixer's, given by a
// server that stands where the mesh stands.
func TestTranscriptsOfTheMesh(t *testing.T) {
	t.Parallel()
	const listChecker = "NOT_FOUND:preferencewhitelist.listchecker.istio-tutorial:customer is not whitelisted"
	const denier = "PERMISSION_DENIED:denycustomerhandler.denier.istio-tutorial:Not allowed"
	for _, test := range []struct {
		before string // the service that the mesh answers for
		status int
		body   string
		want   string
	}{
		{"recommendation", 503, "fault filter abort",
			"customer => 503 preference => 503 fault filter abort\n"},
		{"recommendation", 504, "upstream request timeout",
			"customer => 503 preference => 504 upstream request timeout\n"},
		{"preference", 404, listChecker, "customer => 404 " + listChecker + "\n"},
		{"preference", 403, denier, "customer => 403 " + denier + "\n"},
		{"preference", 429, "", "customer => 429 Too Many Requests\n"},
		{"recommendation", 503, "null\n", "customer => 503 preference => 503 Service Unavailable\n"},
	} {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			mesh := meshThatSays(t, test.status, test.body)
			customer := frontOf(t, test.before, mesh, nil)
			want := said(503, test.want)
			if got := customer.Get(t, "/"); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// meshThatSays returns a server that answers for a service, with Envoy's headers.
func meshThatSays(t *testing.T, status int, body string) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "envoy")
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// frontOf runs the services before the named one, which is at url, and returns customer.
func frontOf(t *testing.T, service, url string, env chain.Env) *chain.Process {
	t.Helper()
	if service == "recommendation" {
		url = programs().Run(t, chain.Spec{Program: "preference",
			Env: env.With(chain.Env{"RECOMMENDATION_URL": url})}).URL()
	}
	return programs().Run(t, chain.Spec{Program: "customer", Env: env.With(chain.Env{"PREFERENCE_URL": url})})
}
