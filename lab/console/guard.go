package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

// policy lets the page load nothing but its own files, and nobody else put it into a frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard refuses what another page has a browser send: that has another Origin, or the name of its
// own host, which may lead here.
func guard(addr net.Addr, next http.Handler) http.Handler {
	names := hosts(addr)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		sites := []string{"", "none", "same-origin"}
		switch {
		case !slices.Contains(names, r.Host):
			refuse(w, fmt.Sprintf("host %q: the page is at http://%s", r.Host, names[0]))
			return
		case origin != "" && !slices.Contains(names, strings.TrimPrefix(origin, "http://")):
			refuse(w, fmt.Sprintf("origin %q: only the page itself may ask", origin))
			return
		case r.URL.Path != "/" && !slices.Contains(sites, r.Header.Get("Sec-Fetch-Site")):
			refuse(w, "only the page itself may ask")
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// hosts are the names of this machine's own address, with the port.
func hosts(addr net.Addr) []string {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return []string{addr.String()}
	}
	names := []string{
		net.JoinHostPort("localhost", port), net.JoinHostPort("127.0.0.1", port),
		net.JoinHostPort("::1", port), addr.String(),
	}
	if port == "80" { // browsers leave it out
		names = append(names, "localhost", "127.0.0.1", "[::1]")
	}
	return names
}

func refuse(w http.ResponseWriter, why string) {
	http.Error(w, why, http.StatusForbidden)
}

// misuse is about what the page sent.
type misuse struct{ error }

func misusef(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }

// answering has a function answer in JSON.
func answering[A any](do func(*http.Request) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := do(r)
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(statusOf(err))
			_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()}) // or the client is gone
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func statusOf(err error) int {
	refused, ok := errors.AsType[*objects.Error](err)
	switch {
	case errors.As(err, &misuse{}):
		return http.StatusBadRequest
	case ok && refused.Reason == objects.NotFound:
		return http.StatusNotFound
	case errors.Is(err, control.ErrNotRunning), ok && refused.Reason == objects.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
