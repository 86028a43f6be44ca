// Package accesslog writes a service's log: a line a request, and what else there is to say.
package accesslog

import (
	"io"
	"log/slog"
)

// The formats of New.
const (
	Text = "text" // for people: key=value
	JSON = "json" // for collectors: an object a line
)

// New logs to out in the given format. The Writer holds the lines until they are written, or
// dropped: a log whose reader stops must not stop the service.
func New(out io.Writer, format string) (*slog.Logger, *Writer) {
	w := newWriter(out)
	w.note = slog.New(handler(unwaited{w}, format))
	go w.run()
	return slog.New(handler(w, format)), w
}

func handler(w io.Writer, format string) slog.Handler {
	if format == JSON {
		return slog.NewJSONHandler(w, nil)
	}
	return slog.NewTextHandler(w, nil)
}
