package backend

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"istio-tutorial/e2e/chain"
)

// Prometheus is what tools/prometheus builds of Prometheus, running.
type Prometheus struct{ api string }

// StartPrometheus runs Prometheus with the configuration for the test. It builds it first if out/ has
// none, which takes minutes.
func StartPrometheus(t testing.TB, configuration string) *Prometheus {
	t.Helper()
	binary := out(t, "prometheus")
	if err := once(binary, func() error { return build(binary, "tools/prometheus") }); err != nil {
		t.Fatalf("%v\n`make out/prometheus` builds it, or do without: E2E_WITHOUT=prometheus", err)
	}
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &Prometheus{}
	launch(t, func() (*exec.Cmd, string, error) {
		ports, err := loopback(1)
		if err != nil {
			return nil, "", err
		}
		p.api = "http://" + ports[0] + "/api/v1/"
		cmd := exec.Command(binary, "--config.file="+file, "--web.listen-address="+ports[0],
			"--storage.tsdb.path="+t.TempDir())
		cmd.Env = []string{} // no proxy of the test's
		return cmd, "http://" + ports[0] + "/-/ready", nil
	})
	return p
}

// Series is one of a query's result, with its values in the order of time.
type Series struct {
	Labels map[string]string
	Values []float64
}

// Query returns what the expression has had in the last half minute, in steps of a second.
func (p *Prometheus) Query(expression string) ([]Series, error) {
	now := time.Now()
	a, err := chain.Ask(p.api + "query_range?" + url.Values{"query": {expression}, "step": {"1"},
		"start": {unix(now.Add(-30 * time.Second))}, "end": {unix(now)}}.Encode())
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status, Error string
		Warnings      []string
		Data          struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any // the time, and the value as text
			}
		}
	}
	if err := json.Unmarshal([]byte(a.Body), &answer); err != nil {
		return nil, fmt.Errorf("%d %s: %w", a.Status, a.Body, err)
	}
	if answer.Status != "success" || len(answer.Warnings) > 0 {
		return nil, fmt.Errorf("%s: %s %q", answer.Status, answer.Error, answer.Warnings)
	}
	var all []Series
	for _, r := range answer.Data.Result {
		s := Series{Labels: r.Metric}
		for _, pair := range r.Values {
			value, err := strconv.ParseFloat(fmt.Sprint(pair[1]), 64)
			if err != nil {
				return nil, err
			}
			s.Values = append(s.Values, value)
		}
		all = append(all, s)
	}
	return all, nil
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
