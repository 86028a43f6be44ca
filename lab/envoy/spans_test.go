package envoy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"istio-tutorial/lab/envoy"
)

func TestRelaySpans(t *testing.T) {
	t.Parallel()
	var got []byte
	status := http.StatusAccepted
	zipkin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		if r.URL.Path != "/api/v2/spans" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s", r.URL.Path, r.Header)
		}
		w.WriteHeader(status)
	}))
	defer zipkin.Close()
	relay := httptest.NewServer(envoy.RelaySpans(zipkin.Listener.Addr().String()))
	defer relay.Close()
	report := func(body string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, relay.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(envoy.ServiceHeader, "customer")
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}

	const spans = `[{"id":"1","timestamp":1795419530757123,"localEndpoint":{"serviceName":"lab","port":1}},{"id":"2"}]`
	const want = `[{"id":"1","timestamp":1795419530757123,"localEndpoint":{"serviceName":"customer","port":1}},
		{"id":"2","localEndpoint":{"serviceName":"customer"}}]`
	if code := report(spans); code != http.StatusAccepted {
		t.Errorf("status %d", code)
	}
	if !reflect.DeepEqual(parsed(t, got), parsed(t, []byte(want))) {
		t.Errorf("passed on: %s", got)
	}
	for _, bad := range []string{"", "{}", `[{"localEndpoint":1}]`} {
		if code := report(bad); code != http.StatusBadRequest {
			t.Errorf("%q: status %d", bad, code)
		}
	}
	status = http.StatusInternalServerError
	if code := report(spans); code != http.StatusBadGateway {
		t.Errorf("a collector in trouble: status %d", code)
	}
	zipkin.Close()
	if code := report(spans); code != http.StatusBadGateway {
		t.Errorf("no collector: status %d", code)
	}
}

func parsed(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
