package daemon_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/ports"
	"istio-tutorial/lab/rules"
)

// TestPassedOn holds the programs to the headers that findings say are passed on, and no others.
func TestPassedOn(t *testing.T) {
	t.Parallel()
	heard := make(chan http.Header, 1)
	next := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.Header }))
	defer next.Close()
	port, err := ports.Range{First: 20000, Last: 29999}.Draw("127.0.0.1", func(n int) int { return os.Getpid() % n })
	if err != nil {
		t.Fatal(err)
	}
	defer port.Release()
	program := exec.Command(filepath.Join(os.Getenv(programs), "customer"))
	program.Env = []string{"LISTEN_ON=" + port.Address, "METRICS_ON=off", "DRAIN=0s", "PREFERENCE_URL=" + next.URL}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = program.Process.Kill()
		_ = program.Wait()
	}()
	labtest.Until(t, func() error {
		_, err := get(t.Context(), "http://"+port.Address+"/health/ready")
		return err
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+port.Address, nil)
	if err != nil {
		t.Fatal(err)
	}
	others := []string{"cookie", "end-user", "x-canary", "authorization", "x-forwarded-for", "accept-language"}
	const id, span = "80f198ee56343ba864fe8b2a57d3eff7", "05e3ac9a4f6e3b90"
	values := map[string]string{
		"x-b3-traceid": id, "x-b3-spanid": span, "x-b3-parentspanid": span, "x-b3-sampled": "1", "x-b3-flags": "1",
		"b3": id + "-" + span + "-1", "traceparent": "00-" + id + "-" + span + "-01",
	}
	for _, name := range append(rules.PassedOn(), others...) {
		value := values[name]
		if value == "" {
			value = "a=b"
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	h := <-heard
	service := mesh.Service{Name: mesh.Name{Namespace: namespace, Name: "preference"}}
	known := mesh.Topology{Services: []mesh.Service{service}}
	for _, name := range others {
		if name != "x-forwarded-for" && rules.Unsent(known, service.Host(), name) == "" {
			t.Errorf("%s is said to be passed on", name)
		}
	}
	for _, name := range rules.PassedOn() {
		if h.Get(name) == "" {
			t.Errorf("%s was not passed on: %v", name, h)
		}
	}
	for name := range h {
		if rules.Unsent(known, service.Host(), name) != "" {
			t.Errorf("%s was passed on, and is said not to be", name)
		}
	}
}
