package backend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"istio-tutorial/e2e/chain"
)

// errNotThere is what a query API says of a trace that it has nothing of.
var errNotThere = errors.New("not there")

// The answer of Jaeger's /api/traces.
type jaegerAnswer struct {
	Data []jaegerTrace
}

type jaegerTrace struct {
	Spans []struct {
		SpanID     string
		ProcessID  string
		References []struct{ SpanID string }
		Tags       []struct {
			Key   string
			Value any
		}
	}
	Processes map[string]struct{ ServiceName string }
}

func (t jaegerTrace) trace() Trace {
	var tr Trace
	for _, from := range t.Spans {
		s := Span{ID: from.SpanID, Service: t.Processes[from.ProcessID].ServiceName}
		for _, ref := range from.References {
			s.Parent = ref.SpanID
		}
		for _, tag := range from.Tags {
			switch value := fmt.Sprint(tag.Value); tag.Key {
			case "span.kind":
				s.Kind = value
			case "error":
				s.Failed = value == "true"
			case "http.status_code":
				s.Status = value
			}
		}
		tr = append(tr, s)
	}
	return tr
}

// Trace implements Store.
func (j *Jaeger) Trace(id string) (Trace, error) {
	var answer jaegerAnswer
	err := read(j.query+"/api/traces/"+id, &answer)
	if errors.Is(err, errNotThere) || err == nil && len(answer.Data) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return answer.Data[0].trace(), nil
}

// Traces implements Store.
func (j *Jaeger) Traces(service string) ([]Trace, error) {
	var answer jaegerAnswer
	if err := read(j.query+"/api/traces?limit=1000&service="+service, &answer); err != nil {
		return nil, err
	}
	var all []Trace
	for _, t := range answer.Data {
		all = append(all, t.trace())
	}
	return all, nil
}

// Spans returns the collector's own figures: how many spans it stored, and how many it had to
// refuse or lost.
func (j *Jaeger) Spans() (saved, lost int, err error) {
	a, err := chain.Ask(j.admin + "/metrics")
	if err != nil {
		return 0, 0, err
	}
	return sum(a.Body, `jaeger_collector_spans_saved_by_svc_total\{.*result="ok".*\} (\S+)`),
		sum(a.Body, `jaeger_collector_spans_(?:dropped|rejected)_total\{.*\} (\S+)`) +
			sum(a.Body, `jaeger_collector_spans_saved_by_svc_total\{.*result="err".*\} (\S+)`), nil
}

func sum(metrics, pattern string) int {
	total := 0.0
	for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(metrics, -1) {
		n, _ := strconv.ParseFloat(found[1], 64)
		total += n
	}
	return int(total)
}

// read decodes the answer from the address. A backend says 404 of what it does not have.
func read(url string, into any) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(res.Body).Decode(into)
	case http.StatusNotFound:
		return errNotThere
	}
	text, _ := io.ReadAll(res.Body)
	return fmt.Errorf("%s: %s: %s", url, res.Status, text)
}
