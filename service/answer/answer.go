// Package answer writes what a service says to its caller.
package answer

import (
	"io"
	"net/http"
)

// large is from how many bytes on a text is not copied.
const large = 4 << 10

// Write answers with plain text and ends it with a new line.
func Write(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if len(text) < large {
		_, _ = io.WriteString(w, text+"\n")
		return
	}
	_, _ = io.WriteString(w, text)
	_, _ = io.WriteString(w, "\n")
}
