package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
)

// TestVerbs asks one lab everything that changes nothing, and a little that does.
func TestVerbs(t *testing.T) {
	t.Parallel()
	l := up(t)
	l.must(t, objects.Create, "istiofiles/route-rule-recommendation-v1.yml", "istiofiles/acl-blacklist.yml")
	l.must(t, objects.Delete, "istiofiles/acl-blacklist.yml")
	if got := l.ask(t); !strings.HasPrefix(got, fromV1) {
		t.Fatal(got)
	}
	for name, test := range map[string]func(*testing.T, *lab){
		"get": testGet, "missing": testMissing, "labels": testLabels, "describe": testDescribe,
		"logs": testLogs, "exec": testExec, "stats": testStats, "proxy-config": testProxyConfig,
		"routes": testRoutes, "sidecar's log": testSidecarLog, "refused": testRefused,
	} {
		t.Run(name, func(t *testing.T) { test(t, l) })
	}
	t.Run("watch", func(t *testing.T) { testWatch(t, l) })
	t.Run("delete a pod", func(t *testing.T) { testDeletePod(t, l) })
}

func testGet(t *testing.T, l *lab) {
	for args, want := range map[string]struct{ columns, cells string }{
		"pods":                          {"NAME READY STATUS RESTARTS AGE IP NODE", "2/2 Running 0"},
		"deploy customer":               {"NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR", "customer 1/1 1 1"},
		"deployments.apps":              {"NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR", "customer 1/1 1 1"},
		"svc":                           {"NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR", "customer ClusterIP <none> <none> 8080/TCP"},
		"service/preference":            {"NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR", "preference ClusterIP"},
		"ingress":                       {"NAME CLASS HOSTS ADDRESS PORTS AGE", "customer <none> customer.istio-tutorial.local,* localhost 80"},
		"ns":                            {"NAME STATUS AGE", "istio-tutorial Active"},
		"sa":                            {"NAME SECRETS AGE", "customer 0"},
		"routerules":                    {"NAME KIND NAMESPACE", "recommendation-default RouteRule.config.istio.io.v1alpha2 istio-tutorial"},
		"route-rule":                    {"NAME KIND NAMESPACE", "recommendation-default"},
		"RouteRule":                     {"NAME KIND NAMESPACE", "recommendation-default"},
		"all":                           {"NAME READY STATUS RESTARTS AGE IP NODE", "customer 1/1 1 1"},
		"routerule,destinationpolicies": {"NAME KIND NAMESPACE", "recommendation-default"},
	} {
		tables, err := l.Get(t.Context(), sel(strings.Fields(args)...))
		if err != nil {
			t.Errorf("get %s: %v", args, err)
			continue
		}
		columns, cells := show(tables)
		if columns != want.columns || !strings.Contains(cells, want.cells) {
			t.Errorf("get %s: %s: %s", args, columns, cells)
		}
	}
}

// show is the first table's columns, and the cells of all.
func show(tables []control.Table) (columns, cells string) {
	for i, table := range tables {
		if i == 0 {
			for _, c := range table.Columns {
				columns += " " + c.Name
			}
		}
		for _, row := range table.Rows {
			cells += strings.Join(row.Cells, " ") + "\n"
		}
	}
	return strings.TrimSpace(columns), cells
}

func testMissing(t *testing.T, l *lab) {
	for args, want := range map[string]string{
		"pods nope":      `pods "nope" not found; there is customer-*, preference-*, recommendation-v1-*`,
		"routerule nope": `routerules.config.istio.io "nope" not found; there is recommendation-default`,
		"deployment/nope svc/x": "deployments.apps \"nope\" not found; there is customer, preference, recommendation-v1\n" +
			"services \"x\" not found; there is customer, preference, recommendation",
	} {
		want = "^" + strings.ReplaceAll(regexp.QuoteMeta(want), `\*`, "[a-z0-9-]+") + "$"
		if _, err := l.Get(t.Context(), sel(strings.Fields(args)...)); reason(err) != objects.NotFound || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("get %s: %v, want %s", args, err, want)
		}
	}
	for _, args := range []string{"", "nope", "pods/", "pods,svc x", "pods svc/x", "pods/x y"} {
		if _, err := l.Get(t.Context(), sel(strings.Fields(args)...)); reason(err) != objects.Invalid {
			t.Errorf("get %s: %v", args, err)
		}
	}
}

func testLabels(t *testing.T, l *lab) {
	s := sel("pods")
	s.Labels = "app in (customer),version!=v2"
	tables, err := l.Get(t.Context(), s)
	if err != nil || len(tables[0].Rows) != 1 {
		t.Fatalf("%+v, %v", tables, err)
	}
	row := tables[0].Rows[0]
	if !strings.Contains(row.YAML, " name: "+row.Name+"\n") {
		t.Errorf("YAML\n%s", row.YAML)
	}
	for _, labels := range []string{"a=b,,", "app in (", "=customer"} {
		s.Labels = labels
		if _, err := l.Get(t.Context(), s); reason(err) != objects.Invalid {
			t.Errorf("selector %q: %v", labels, err)
		}
	}
	// An empty value is one, as with kubectl: no pod has it.
	s.Labels = "app=="
	if tables, err = l.Get(t.Context(), s); err != nil || len(tables[0].Rows) != 0 {
		t.Errorf("an empty value: %+v, %v", tables, err)
	}
	other := objects.Selection{Args: []string{"pods"}, Namespace: "default"}
	if tables, err = l.Get(t.Context(), other); err != nil || len(tables[0].Rows) != 0 {
		t.Errorf("another namespace: %+v, %v", tables, err)
	}
	other.AllNamespaces = true
	if tables, err = l.Get(t.Context(), other); err != nil || len(tables[0].Rows) != 3 || tables[0].Columns[0].Name != "NAMESPACE" {
		t.Errorf("all namespaces: %+v, %v", tables, err)
	}
}

func testDescribe(t *testing.T, l *lab) {
	list, err := l.Describe(t.Context(), sel("pods,svc,routerule"))
	if err != nil || len(list) != 7 {
		t.Fatalf("%+v, %v", list, err)
	}
	var text strings.Builder
	for _, d := range list {
		for _, f := range d.Fields {
			fmt.Fprintf(&text, "%s%s: %s\n", strings.Repeat("  ", f.Depth), f.Name, f.Value)
		}
	}
	for _, want := range []string{
		"Status: Running\n", "    Restart Count: 0\n", "Endpoints: 127.0.0.1:",
		"spec: \n  destination: \n", "  precedence: 1\n", "  route[0]: \n    labels: \n      version: v1\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

func testLogs(t *testing.T, l *lab) {
	collect := func(q control.LogQuery) string {
		var lines []string
		for line, err := range l.Logs(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	}
	pod := l.pods(t, "app=recommendation")[0].Name.Name
	for _, args := range []string{pod, "pod/" + pod, "deployment/recommendation-v1", "svc/recommendation"} {
		labtest.Until(t, func() error {
			if got := collect(control.LogQuery{Selection: sel(args)}); !strings.Contains(got, "recommendation v1") {
				return fmt.Errorf("%s: %s", args, got)
			}
			return nil
		})
	}
	all := objects.Selection{Namespace: namespace, Labels: "version=v1"}
	got := collect(control.LogQuery{Selection: all, Prefix: true, Tail: new(1)})
	if lines := strings.Split(got, "\n"); len(lines) != 3 || !strings.Contains(got, "[pod/"+pod+"/recommendation] {") {
		t.Errorf("by label: %s", got)
	}
	for want, q := range map[objects.Reason]control.LogQuery{
		objects.NotFound: {Selection: sel(pod), Previous: true},
		objects.Invalid:  {Selection: sel(pod, "other")},
	} {
		for _, err := range l.Logs(t.Context(), q) {
			if reason(err) != want {
				t.Errorf("%+v: %v", q, err)
			}
		}
	}
}

func testSidecarLog(t *testing.T, l *lab) {
	preference := l.pods(t, "app=preference")[0].Name.String()
	q := control.LogQuery{Selection: sel("deployment/preference"), Container: "istio-proxy"}
	labtest.Until(t, func() error {
		n := 0
		for line, err := range l.Logs(t.Context(), q) {
			if err != nil {
				return err
			}
			var access struct{ Pod, Direction, Route string }
			if err := json.Unmarshal([]byte(line), &access); err != nil || access.Pod != preference {
				return fmt.Errorf("%s: %w", line, err)
			}
			if access.Direction == "outbound" && access.Route == "recommendation-default" {
				n++
			}
		}
		if n == 0 {
			return fmt.Errorf("no call by the rule")
		}
		return nil
	})
	for line, err := range l.ProxyLogs(t.Context(), control.LogQuery{Tail: new(1)}) {
		if err != nil || line == "" {
			t.Errorf("%q, %v", line, err)
		}
	}
}

func testExec(t *testing.T, l *lab) {
	run := func(in string, command ...string) (string, int) {
		var out bytes.Buffer
		e := control.Exec{Selection: sel("deployment/recommendation-v1"), Command: command, Stdin: in != ""}
		status, err := l.Exec(t.Context(), e, control.Streams{In: strings.NewReader(in), Out: &out, Err: &out})
		if err != nil {
			return err.Error(), -1
		}
		return strings.TrimSpace(out.String()), status
	}
	for name, c := range map[string]struct {
		in      string
		command []string
		out     string
		status  int
	}{
		"own program": {"", []string{"/recommendation", "get", "/health"}, `{"status":"UP"}`, 0},
		"input":       {"hello", []string{"cat"}, "hello", 0},
		"no input":    {"", []string{"cat"}, "", 0},
		"no shell":    {"", []string{"echo", "$HOSTNAME; exit 3"}, "$HOSTNAME; exit 3", 0},
		"status":      {"", []string{"sh", "-c", "exit 3"}, "", 3},
		"signal":      {"", []string{"sh", "-c", "kill -9 $$"}, "", 137},
		"unknown":     {"", []string{"no-such-program"}, `"no-such-program": executable file not found in $PATH`, -1},
		"sidecar's":   {"", []string{"recommendation", "get", "http://nowhere:8080"}, "http://nowhere:8080: 404 Not Found", 1},
	} {
		if out, status := run(c.in, c.command...); !strings.HasSuffix(out, c.out) || status != c.status {
			t.Errorf("%s: %q, %d", name, out, status)
		}
	}
	run("", "recommendation", "misbehave")
	if got := l.ask(t); !strings.HasPrefix(got, "customer => 503 preference => 503 recommendation misbehavior from '") {
		t.Errorf("misbehaving: %s", got)
	}
	run("", "recommendation", "behave")
	if got := l.ask(t); !strings.HasPrefix(got, fromV1) {
		t.Errorf("behaving: %s", got)
	}
	for _, container := range []string{"istio-proxy", "nope"} {
		e := control.Exec{Selection: sel("deployment/customer"), Container: container, Command: []string{"true"}}
		if _, err := l.Exec(t.Context(), e, control.Streams{}); reason(err) == "" {
			t.Errorf("container %s: %v", container, err)
		}
	}
}

func testStats(t *testing.T, l *lab) {
	q := control.StatsQuery{Selection: sel("deployment/preference"), Filter: `^cluster\.outbound\|8080\|version=v1\|recommendation.*upstream_rq_total$`}
	list, err := l.Stats(t.Context(), q)
	if err != nil || len(list) != 1 || list[0].Value == "0" {
		t.Errorf("%+v, %v", list, err)
	}
	all, err := l.Stats(t.Context(), control.StatsQuery{Filter: "upstream_rq_total"})
	if err != nil || len(all) < 3 {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := l.Stats(t.Context(), control.StatsQuery{Filter: "("}); reason(err) != objects.Invalid {
		t.Errorf("filter: %v", err)
	}
}

func testProxyConfig(t *testing.T, l *lab) {
	for part, want := range map[string]string{
		"listeners": "outbound 127.0.0.1:", "routes": "version=v1",
		"clusters": "recommendation.istio-tutorial.svc.cluster.local 8080 version=v1 outbound EDS ROUND_ROBIN",
	} {
		c, err := l.ProxyConfig(t.Context(), control.ProxyQuery{Selection: sel("deployment/preference"), Part: part})
		_, cells := show([]control.Table{c.Table})
		if err != nil || !strings.Contains(cells, want) || !json.Valid(c.JSON) {
			t.Errorf("%s: %v\n%s", part, err, cells)
		}
	}
	if c, err := l.ProxyConfig(t.Context(), control.ProxyQuery{Selection: sel("deployment/preference"), Part: "secrets"}); err != nil || len(c.Table.Rows) != 0 {
		t.Errorf("in 2018 the lab's proxies have no certificates: %v, %+v", err, c.Table.Rows)
	}
	if _, err := l.ProxyConfig(t.Context(), control.ProxyQuery{Selection: sel("deployment/preference"), Part: "x"}); reason(err) != objects.Invalid {
		t.Error(err)
	}
}

func testRoutes(t *testing.T, l *lab) {
	q := routes.Query{From: "preference", To: "recommendation", Namespace: namespace}
	list, err := l.Routes(t.Context(), q)
	if err != nil || len(list) != 1 || len(list[0].Clusters) != 1 || list[0].Clusters[0].Ready != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if !strings.Contains(string(list[0].Effective), `"rule":"recommendation-default"`) {
		t.Errorf("%s", list[0].Effective)
	}
	for _, q := range []routes.Query{{From: "nope"}, {To: "nope"}} {
		if _, err := l.Routes(t.Context(), q); reason(err) != objects.NotFound {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func testRefused(t *testing.T, l *lab) {
	scale := control.Scale{Selection: sel("deployment/customer"), Replicas: 2, Current: new(7)}
	if _, err := l.Scale(t.Context(), scale); reason(err) != objects.Invalid || !strings.Contains(err.Error(), "was 1") {
		t.Errorf("scale: %v", err)
	}
	for name, s := range map[string]objects.Selection{"kind": sel("svc/customer"), "name": sel("deployment/nope"), "none": sel("")} {
		if _, err := l.Scale(t.Context(), control.Scale{Selection: s}); reason(err) == "" {
			t.Errorf("scale, %s: %v", name, err)
		}
	}
	env := control.SetEnv{Selection: sel("deployment/customer"), Set: map[string]string{"A": "$(B)"}}
	if _, err := l.SetEnv(t.Context(), env); reason(err) != objects.Invalid {
		t.Errorf("set env: %v", err)
	}
	strict := control.Change{Verb: objects.Create, Namespace: "other", Strict: true, Files: []objects.File{{
		Name: "x.yml", Data: []byte(fmt.Sprintf(rule, "x, namespace: istio-tutorial", 1)),
	}}}
	if _, err := l.Change(t.Context(), strict); reason(err) != objects.Invalid || !strings.Contains(err.Error(), "--namespace=istio-tutorial") {
		t.Errorf("namespace: %v", err)
	}
	results, err := l.text(objects.Create, t.Context(), fmt.Sprintf(rule, "lost, namespace: nowhere", 1))
	if err != nil || len(results[0].Warnings) != 2 {
		t.Errorf("%+v, %v", results, err)
	}
	if _, err := l.text(objects.Delete, t.Context(), fmt.Sprintf(rule, "lost, namespace: nowhere", 1)); err != nil {
		t.Error(err)
	}
}

func testWatch(t *testing.T, l *lab) {
	ctx, cancel := context.WithTimeout(t.Context(), labtest.Deadline)
	defer cancel()
	next, stop := iter.Pull2(l.Watch(ctx, sel("pods")))
	defer stop()
	tables, err, _ := next()
	if err != nil || len(tables[0].Rows) != 3 {
		t.Fatalf("%+v, %v", tables, err)
	}
	if _, err := l.Scale(ctx, control.Scale{Selection: sel("deployment/customer"), Replicas: 2}); err != nil {
		t.Fatal(err)
	}
	l.rollout(t, "customer")
	if _, err := l.Scale(ctx, control.Scale{Selection: sel("deployment/customer"), Replicas: 1}); err != nil {
		t.Fatal(err)
	}
	seen := []string{"2/2 Running", "2/2 Terminating", "gone"}
	for len(seen) > 0 {
		tables, err, ok := next()
		if err != nil || !ok {
			t.Fatalf("waiting for %q: %v", seen, err)
		}
		for _, row := range tables[0].Rows {
			text := strings.Join(row.Cells, " ")
			if row.Gone {
				text = "gone"
			}
			if strings.Contains(text, seen[0]) {
				seen = slices.Delete(seen, 0, 1)
				break
			}
		}
	}
}

func testDeletePod(t *testing.T, l *lab) {
	before := l.pods(t, "app=preference")[0]
	results, err := l.Delete(t.Context(), sel("pod", before.Name.Name))
	if err != nil || len(results) != 1 || results[0].Resource != "pod" {
		t.Fatalf("%+v, %v", results, err)
	}
	l.rollout(t, "preference")
	if after := l.pods(t, "app=preference"); len(after) != 1 || after[0].Name == before.Name {
		t.Errorf("after: %+v", after)
	}
}
