package xds_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestDefaults holds docs/defaults.md: each row says what a real Istio has in a field where no rule
// speaks of it, and what the lab has.
func TestDefaults(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/defaults/istio.json") // of istioctl proxy-config, by field
	if err != nil {
		t.Fatal(err)
	}
	var istio map[string]map[string]string
	if err := json.Unmarshal(data, &istio); err != nil {
		t.Fatal(err)
	}
	lab := labDefaults(t)
	for _, page := range []string{"defaults.md", "zh/defaults.md"} {
		rows := defaultsRows(t, "../../docs/"+page)
		if len(rows) < 45 {
			t.Errorf("%s has %d rows", page, len(rows))
		}
		for _, r := range rows {
			if got := cmp.Or(istio[r.of][r.field], absent); got != r.istio {
				t.Errorf("%s, %s: %s is %s in Istio, the page says %s", page, r.of, r.field, got, r.istio)
			}
			if got := cmp.Or(lab[r.of][r.field], absent); got != r.lab {
				t.Errorf("%s, %s: %s is %s in the lab, the page says %s", page, r.of, r.field, got, r.lab)
			}
			if same := strings.HasPrefix(r.why, "the same") || strings.HasPrefix(r.why, "一样"); same && r.istio != r.lab {
				t.Errorf("%s, %s: %s: %s and %s are not the same", page, r.of, r.field, r.istio, r.lab)
			}
		}
	}
}

const absent = "-"

// defaultsRow is a row of the page.
type defaultsRow struct{ of, field, istio, lab, why string }

// defaultsRows are those of the page, each with the code in the heading above.
func defaultsRows(t *testing.T, file string) []defaultsRow {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile("^## .*`(.+)`")
	row := regexp.MustCompile("^\\| `([^`]+)` \\| `([^`]+)` \\| `([^`]+)` \\| (.+) \\|$")
	var rows []defaultsRow
	of := ""
	for line := range strings.SplitSeq(string(page), "\n") {
		if m := heading.FindStringSubmatch(line); m != nil {
			of = m[1]
		}
		if m := row.FindStringSubmatch(line); m != nil {
			rows = append(rows, defaultsRow{of, m[1], m[2], m[3], m[4]})
		} else if strings.HasPrefix(line, "| `") {
			t.Errorf("%s: row %s: want a field, two values and a reason", file, line)
		}
	}
	return rows
}

// labDefaults are what the lab has in the same places.
func labDefaults(t *testing.T) map[string]map[string]string {
	t.Helper()
	parts := configuration(t, todaysMesh(t, nil))
	const customer, recommendation = "@istio-tutorial/customer-v1-pod", "recommendation.istio-tutorial.svc.cluster.local"
	const ingress = "@ingress"
	host := func(of, name string) any { return parts["routes "+of+" host "+name] }
	out, in, edge := "outbound"+customer, "inbound|8080||"+customer, "outbound"+ingress
	return flat(map[string]any{
		"cluster":           parts["cluster outbound|8080||"+recommendation+customer],
		"inbound cluster":   parts["cluster inbound|8080||"+customer],
		"host":              host(out, "recommendation:8080"),
		"route":             lastRoute(host(out, "recommendation:8080")),
		"inbound route":     lastRoute(host(in, in)),
		"outbound listener": managerOf(parts["listener "+out]),
		"inbound listener":  managerOf(parts["listener "+in]),
		"ingress listener":  managerOf(parts["listener "+edge]),
	})
}

func lastRoute(host any) any {
	fields, _ := host.(map[string]any)
	routes, _ := fields["routes"].([]any)
	if len(routes) == 0 {
		return nil
	}
	return routes[len(routes)-1]
}

// managerOf is the filter of a listener that reads requests.
func managerOf(listener any) any {
	fields, _ := listener.(map[string]any)
	chains, _ := fields["filterChains"].([]any)
	for _, chain := range chains {
		filters, _ := chain.(map[string]any)["filters"].([]any)
		for _, f := range filters {
			if one := f.(map[string]any); one["name"] == "envoy.filters.network.http_connection_manager" {
				return one["typedConfig"]
			}
		}
	}
	return nil
}

// flat is each part as its fields, by their paths.
func flat(parts map[string]any) map[string]map[string]string {
	list := map[string]map[string]string{}
	for name, part := range parts {
		list[name] = map[string]string{}
		flatten(list[name], "", part)
	}
	return list
}

func flatten(into map[string]string, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			flatten(into, strings.TrimPrefix(path+"."+key, "."), inner)
		}
		if len(v) == 0 && path != "" {
			into[path] = "{}"
		}
	case []any:
		for i, inner := range v {
			flatten(into, fmt.Sprintf("%s[%d]", path, i), inner)
		}
	case float64:
		into[path] = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		into[path] = fmt.Sprint(v)
	}
}
