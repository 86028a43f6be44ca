package console

import (
	"net/http"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/rulebook"
)

// Explained is why a request was answered so.
type Explained struct {
	Request Request        `json:"request"`
	Words   string         `json:"words"` // as the verb prints them
	Typed   string         `json:"typed"` // the verb
	Rule    *rulebook.Rule `json:"rule,omitempty"`
	Trace   string         `json:"trace,omitempty"` // where the reader finds its trace
}

// why explains the request whose id is asked for.
func (c *Console) why(r *http.Request) (Explained, error) {
	id := r.FormValue("id")
	if len(id) < 4 {
		return Explained{}, misusef("id: want that of a request")
	}
	answer, err := c.cfg.Lab.Requests(r.Context(), control.RequestQuery{Query: traffic.Query{ID: id}})
	switch {
	case err != nil:
		return Explained{}, err
	case len(answer.List) == 0:
		return Explained{}, objects.Errorf(objects.NotFound, "no request %q is known any more", id)
	}
	one := answer.List[0]
	var words strings.Builder
	language, verb := "en", "why "+one.ID
	if r.FormValue("lang") == "zh" {
		language, verb = "zh", verb+" --lang zh"
	}
	c.cfg.Why(&words, one, language)
	return Explained{
		Request: c.known(one.Brief()), Words: words.String(), Typed: c.cfg.Typed(verb), Rule: one.Rule,
		Trace: one.Trace,
	}, nil
}
