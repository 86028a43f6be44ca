package console

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/traffic"
)

// Sending is what the page sends, and has sent. It goes to the ingress alone.
type Sending struct {
	// Rate is how many requests a second, and AtOnce how many may be under way. Count ends it; 0: it
	// goes on until it is stopped, or nobody looks any more.
	Rate    int      `json:"rate"`
	AtOnce  int      `json:"atOnce"`
	Count   int      `json:"count,omitempty"`
	Agent   string   `json:"agent,omitempty"`
	Headers []string `json:"headers,omitempty"` // NAME: VALUE
	Path    string   `json:"path,omitempty"`
	// Done is how many were answered, or failed, and Error why the last one was not.
	Done  int    `json:"done"`
	Error string `json:"error,omitempty"`
	On    bool   `json:"on"`
	// ID is the request's, of one that is to be explained.
	ID string `json:"id,omitempty"`
}

// Bounds of what is sent: it is to show something, not to measure the machine.
const (
	mostRate    = 100
	mostAtOnce  = 50
	mostCount   = 10_000
	mostHeaders = 20
	mostLetters = 1000
	sendWithin  = time.Minute
)

// check refuses what is more than the bounds.
func (s Sending) check() error {
	switch {
	case s.Rate < 1 || s.Rate > mostRate:
		return misusef("rate %d: want 1 to %d requests a second", s.Rate, mostRate)
	case s.AtOnce < 1 || s.AtOnce > mostAtOnce:
		return misusef("at once %d: want 1 to %d", s.AtOnce, mostAtOnce)
	case s.Count < 0 || s.Count > mostCount:
		return misusef("count %d: want 0 to %d", s.Count, mostCount)
	case len(s.Headers) > mostHeaders:
		return misusef("%d headers: want at most %d", len(s.Headers), mostHeaders)
	case s.Path != "" && !strings.HasPrefix(s.Path, "/") || len(s.Path) > mostLetters:
		return misusef("path %q: want one that begins with /", s.Path)
	}
	return nil
}

// header is that of each request.
func (s Sending) header() (http.Header, error) {
	header := http.Header{"User-Agent": {cmp.Or(s.Agent, "lab")}}
	for _, line := range s.Headers {
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isToken(name) || len(line) > mostLetters {
			return nil, misusef("header %q: want NAME: VALUE", line)
		}
		header.Set(name, value)
	}
	for name := range header {
		if strings.ContainsFunc(header.Get(name), unicode.IsControl) {
			return nil, misusef("header %s: its value has a letter that no header may have", name)
		}
	}
	return header, nil
}

// isToken tells names that headers may have.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("()<>@,;:\\\"/[]?={}", r)
	})
}

// send begins to send what the page asks for; one that is to be explained is waited for.
func (c *Console) send(r *http.Request) (Sending, error) {
	var what Sending
	if err := read(r, &what); err != nil {
		return what, err
	}
	if err := what.check(); err != nil {
		return what, err
	}
	header, err := what.header()
	what.Headers = nil // some may be secret: they are shown to nobody
	if err != nil {
		return what, err
	}
	status, err := c.cfg.Lab.Status(r.Context())
	if err != nil {
		return what, err
	}
	if what.Count != 1 {
		c.sender.begin(what, header, status.Ingress)
		return *c.sender.state(), nil
	}
	since := time.Now().Add(-time.Second)
	from, err := c.sender.one(r.Context(), status.Ingress+what.Path, header)
	if err != nil {
		return what, err
	}
	answer, err := c.cfg.Lab.Requests(r.Context(), control.RequestQuery{
		Query: traffic.Query{Client: from, Since: since, Last: 1}, Wait: 2 * time.Second,
	})
	if err == nil && len(answer.List) > 0 {
		what.ID = answer.List[0].ID
	}
	return what, err
}

// read decodes what the page sent. A form of another page cannot have this type.
func read(r *http.Request, v any) error {
	if r.Header.Get("Content-Type") != "application/json" {
		return misusef("content type %q: want application/json", r.Header.Get("Content-Type"))
	}
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 64<<10))
	if err != nil {
		return misuse{err}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return misuse{fmt.Errorf("request: %w", err)}
	}
	return nil
}

func (c *Console) stop(r *http.Request) (*Sending, error) {
	var nothing struct{}
	if err := read(r, &nothing); err != nil {
		return nil, err
	}
	c.sender.stop()
	return c.sender.state(), nil
}
