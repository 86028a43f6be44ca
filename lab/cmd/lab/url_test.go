package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
)

// A file of the web is read as one of the machine, and named by its address.
func TestFilesOfTheWeb(t *testing.T) {
	t.Parallel()
	rule, err := os.ReadFile("../../../istiofiles/route-rule-recommendation-v2.yml")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/rule.yml", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(rule) })
	mux.HandleFunc("/bad.yml", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a: b")) })
	mux.HandleFunc("/endless.yml", func(w http.ResponseWriter, r *http.Request) {
		line := []byte(strings.Repeat("#", 1023) + "\n")
		for r.Context().Err() == nil {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/elsewhere.yml", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	if got := (surroundings{}).run(t, "create", "--dry-run", "-f", server.URL+"/rule.yml"); got.status != ok ||
		got.stdout != "routerule.config.istio.io/recommendation-default valid (dry run)\n" {
		t.Errorf("%+v", got)
	}
	for path, want := range map[string]string{
		"/bad.yml":       "/bad.yml:1: kind: missing",
		"/endless.yml":   "/endless.yml: larger than 1048576 bytes",
		"/elsewhere.yml": `/elsewhere.yml: unsupported protocol scheme "file"`,
		"/nope.yml":      "/nope.yml: 404 Not Found",
	} {
		got := surroundings{}.run(t, "create", "--dry-run", "-f", server.URL+path)
		if got.status != failed || !strings.Contains(got.stderr, "Error: "+server.URL+want+"\n") {
			t.Errorf("%s: %+v, want %s", path, got, want)
		}
	}
	if document.MaxBytes != 1<<20 {
		t.Error("the size above is another")
	}
	secret := strings.Replace(server.URL, "http://", "http://me:word@", 1)
	if got := (surroundings{}).run(t, "create", "--dry-run", "-f", secret+"/nope.yml"); strings.Contains(got.stderr, "word") {
		t.Errorf("%+v shows a password", got)
	}
}
