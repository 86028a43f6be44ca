package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed page
var files embed.FS

// page is the folder of all that the browser loads.
func page() fs.FS {
	sub, err := fs.Sub(files, "page")
	if err != nil {
		return files // it is embedded
	}
	return sub
}

// types are said by name: what a machine's own table says may differ.
func types() map[string]string {
	return map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	}
}

// assets serves the page's files. A browser asks each time whether one is another, so that a page of
// another build never meets the old one's modules.
func assets() http.Handler {
	tree := page()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if name == "" {
			name = "index.html"
		}
		data, err := fs.ReadFile(tree, name)
		kind, known := types()[path.Ext(name)]
		if err != nil || !known {
			http.NotFound(w, r)
			return
		}
		sum := sha256.Sum256(data)
		tag := `"` + hex.EncodeToString(sum[:8]) + `"`
		w.Header().Set("ETag", tag)
		w.Header().Set("Content-Type", kind)
		if slices.Contains(r.Header.Values("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(data) // or the client is gone
	})
}
