package outside

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"

	"istio-tutorial/lab/identity"
)

const (
	httpbinHost = "httpbin.org"
	githubHost  = "api.github.com"
	tokensHost  = "tokens.example" // identity.Issuer
)

// note tells a reader who really answers.
const note = "the lab's stand-in answers, not the host itself: bin/lab up --internet leads to that"

// noteHeader carries note on every answer.
const noteHeader = "X-Lab-Note"

// hosts leads each request to the host that it names.
func hosts(httpbin, github, tokens, stranger http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(noteHeader, note)
		switch hostOf(r) {
		case httpbinHost:
			httpbin.ServeHTTP(w, r)
		case githubHost:
			github.ServeHTTP(w, r)
		case tokensHost:
			tokens.ServeHTTP(w, r)
		default:
			stranger.ServeHTTP(w, r)
		}
	})
}

// hostOf is the host in lower case, without port.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return strings.ToLower(host)
}

// github answers a few of its paths, with its own shapes.
func github() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{
			"note":             note,
			"users_url":        "https://" + githubHost + "/users",
			"user_url":         "https://" + githubHost + "/users/{user}",
			"current_user_url": "https://" + githubHost + "/user",
		})
	})
	mux.HandleFunc("GET /users", func(w http.ResponseWriter, _ *http.Request) {
		var all []user
		for i, login := range logins() {
			all = append(all, newUser(i, login))
		}
		writeJSON(w, http.StatusOK, all)
	})
	mux.HandleFunc("GET /users/{login}", func(w http.ResponseWriter, r *http.Request) {
		for i, login := range logins() {
			if login == r.PathValue("login") {
				writeJSON(w, http.StatusOK, newUser(i, login))
				return
			}
		}
		notFound(w, r)
	})
	mux.HandleFunc("/", notFound)
	return mux
}

// logins are no real people's.
func logins() []string { return []string{"customer", "preference", "recommendation"} }

type user struct {
	Login string `json:"login"`
	ID    int    `json:"id"`
	URL   string `json:"url"`
	Type  string `json:"type"`
	Note  string `json:"note"`
}

func newUser(i int, login string) user {
	return user{
		Login: login, ID: i + 1, Type: "User", Note: note,
		URL: "https://" + githubHost + "/users/" + login,
	}
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusNotFound, map[string]string{"message": "Not Found", "note": note})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	_ = out.Encode(value) // the client may be gone
}

// tokens has the key set of the tutorial's tokens.
func tokens() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		keys, err := identity.KeySet()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, keys)
	})
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"issuer": identity.Issuer, "jwks_uri": identity.Issuer + "/jwks"})
	})
	mux.HandleFunc("/", notFound)
	return mux
}

// stranger is any other host.
func stranger() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "%s %s at %s: %s\n", r.Method, r.URL.Path, hostOf(r), note)
	})
}
