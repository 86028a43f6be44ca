package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/backend"
)

const observability = "../deploy/overlays/observability/"

// query is one of the dashboard's, as Grafana would send it.
type query struct{ Panel, Expression, Legend string }

// queries reads the dashboard, and puts values in the place of Grafana's variables.
func queries(t *testing.T) []query {
	t.Helper()
	data, err := os.ReadFile(observability + "dashboard/chain.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Type, Title string
			Targets     []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	values := strings.NewReplacer("$namespace", "istio-tutorial", "[$__rate_interval]", "[5s]")
	var all []query
	for _, p := range dashboard.Panels {
		if (len(p.Targets) == 0) != (p.Type == "row") {
			t.Errorf("%s: a %s with %d queries", p.Title, p.Type, len(p.Targets))
		}
		for _, target := range p.Targets {
			q := query{p.Title, values.Replace(target.Expr), target.LegendFormat}
			if !strings.Contains(q.Expression, `namespace=~"istio-tutorial"`) || strings.Contains(strings.ReplaceAll(q.Expression, `"$1"`, ""), "$") {
				t.Errorf("%s: other variables than expected, or none, in %s", q.Panel, target.Expr)
			}
			all = append(all, q)
		}
	}
	if len(all) < 20 {
		t.Fatalf("%d queries only", len(all))
	}
	return all
}

// holdDashboard holds that each query has data, the panel's legend too; and of some panels, what the
// traffic must have made of them.
func holdDashboard(t *testing.T, p *backend.Prometheus, particular map[string]func([]backend.Series) error) {
	t.Helper()
	seen := map[string]bool{}
	for _, q := range queries(t) {
		seen[q.Panel] = true
		err := await.Until(2*await.Patience, func() error {
			result, err := p.Query(q.Expression)
			if err == nil {
				err = hasData(result, q.Legend)
			}
			if check := particular[q.Panel]; err == nil && check != nil {
				err = check(result)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %s: %v", q.Panel, q.Expression, err)
		}
	}
	for panel := range particular {
		if !seen[panel] {
			t.Errorf("the dashboard has no panel %q", panel)
		}
	}
}

func hasData(result []backend.Series, legend string) error {
	for _, s := range result {
		for _, label := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(legend, -1) {
			if s.Labels[label[1]] == "" {
				return fmt.Errorf("the legend %s has no %s: %v", legend, label[1], s.Labels)
			}
		}
	}
	for _, s := range result {
		if value := last(s); !math.IsNaN(value) && !math.IsInf(value, 0) {
			return nil
		}
	}
	return fmt.Errorf("no data: %v", result)
}

func last(s backend.Series) float64 {
	if len(s.Values) == 0 {
		return math.NaN()
	}
	return s.Values[len(s.Values)-1]
}

// above returns a check that the series with the labels, pairs of a name and a value, is above 0.
func above(labels ...string) func([]backend.Series) error {
	return func(result []backend.Series) error {
		for _, s := range result {
			same := true
			for i := 0; i < len(labels); i += 2 {
				same = same && s.Labels[labels[i]] == labels[i+1]
			}
			if same && last(s) > 0 {
				return nil
			}
		}
		return fmt.Errorf("nothing with %q is above 0: %v", labels, result)
	}
}

// shares checks that there are two versions, and that they make up the whole.
func shares(result []backend.Series) error {
	sum, versions := 0.0, ""
	for _, s := range result {
		sum += last(s)
		versions += s.Labels["version"] + " "
	}
	if math.Abs(sum-1) > 1e-9 || versions != "v1 v2 " && versions != "v2 v1 " {
		return fmt.Errorf("not the shares of two versions: %v", result)
	}
	return nil
}

func both(checks ...func([]backend.Series) error) func([]backend.Series) error {
	return func(result []backend.Series) error {
		for _, check := range checks {
			if err := check(result); err != nil {
				return err
			}
		}
		return nil
	}
}
