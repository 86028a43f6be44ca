package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// ServiceHeader says, on a report of spans, whose proxy sends it.
const ServiceHeader = "x-lab-service"

// SpansPath is where Zipkin takes spans.
const SpansPath = "/api/v2/spans"

// maxReport is more than Envoy collects before it reports.
const maxReport = 4 << 20

// mostReports are held at once; others wait, as long as their sender does.
const mostReports = 4

// relay passes spans on.
type relay struct {
	collector string
	client    *http.Client
	room      chan struct{} // holds a token for each report that is held
}

// RelaySpans passes the spans that Envoy reports on to Zipkin at host:port, under the name of the
// service whose proxy it was: a single Envoy has a single name, and plays many.
func RelaySpans(collector string) http.Handler {
	address := url.URL{Scheme: "http", Host: collector, Path: SpansPath}
	return &relay{collector: address.String(), client: &http.Client{Timeout: 5 * time.Second},
		room: make(chan struct{}, mostReports)}
}

func (z *relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "want application/json", http.StatusUnsupportedMediaType)
		return
	}
	select {
	case z.room <- struct{}{}:
		defer func() { <-z.room }()
	case <-r.Context().Done():
		return
	}
	report, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err == nil {
		report, err = rename(report, r.Header.Get(ServiceHeader))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := z.send(r, report); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (z *relay) send(r *http.Request, report []byte) error {
	body := bytes.NewReader(report)
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, z.collector, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := z.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s", z.collector, resp.Status)
	}
	return nil
}

// rename sets the service of each span's own endpoint, and leaves all else as it is.
func rename(report []byte, service string) ([]byte, error) {
	type object = map[string]json.RawMessage
	var spans []object
	if err := json.Unmarshal(report, &spans); err != nil {
		return nil, fmt.Errorf("spans: %w", err)
	}
	name, err := json.Marshal(service)
	if err != nil {
		return nil, err
	}
	for _, span := range spans {
		endpoint := object{}
		if old, ok := span["localEndpoint"]; ok {
			if err := json.Unmarshal(old, &endpoint); err != nil {
				return nil, fmt.Errorf("spans: %w", err)
			}
		}
		endpoint["serviceName"] = name
		if span["localEndpoint"], err = json.Marshal(endpoint); err != nil {
			return nil, err
		}
	}
	return json.Marshal(spans)
}
