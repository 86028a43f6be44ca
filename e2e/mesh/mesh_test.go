//go:build cluster

package mesh

import (
	"errors"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

const namespace = "oncluster-verbs"

// TestVerbs uses the chain in a namespace of its own, which none of the files names.
func TestVerbs(t *testing.T) {
	if there := cmdline.Run(t, "kubectl", "get", "namespace", namespace, "--ignore-not-found"); there != "" {
		t.Fatalf("the namespace is there already: %s", there)
	}
	t.Cleanup(func() {
		out, err := exec.Command("kubectl", "delete", "namespace", namespace, "--timeout=2m").CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	chain := start(t)
	t.Run("the next request", chain.nextRequest)
	t.Run("a deleted rule", chain.deleted)
	t.Run("a rule for the way in", chain.wayIn)
	t.Run("a policy", chain.policy)
	t.Run("what proxies refuse", refused)
	t.Run("without waiting", noWait)
	t.Run("verbs", verbs)
	t.Run("statuses", statuses)
}

// line is one of the lab's for the cluster.
func line(args ...string) cmdline.Line {
	return cmdline.Line{
		Argv: append([]string{"bin/lab"}, args...),
		Env:  []string{"LAB_ON=cluster", "LAB_NAMESPACE=" + namespace, "LAB_ECHO="},
	}
}

func lab(t *testing.T, args ...string) string {
	t.Helper()
	return line(args...).Run(t)
}

// chain is the way into the mesh.
type chain struct{ url string }

var forwarding = regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+)`)

func start(t *testing.T) chain {
	t.Helper()
	lab(t, "apply", "-k", "deploy/overlays/istio")
	lab(t, "apply", "-f", "deploy/recommendation/Deployment-v2.yml")
	const gateway = "deployment/customer-gateway-istio" // istiod makes it in its own time
	await.Eventually(t, 2*await.Patience, gateway, func() string {
		out, _ := line("get", gateway, "--ignore-not-found").Try(t)
		if out == "" {
			return "not there"
		}
		return ""
	})
	lab(t, "wait", "--for=condition=Available", "--timeout=3m", "deployment", "--all")
	out := cmdline.Start(t, "kubectl", "-n", namespace, "port-forward", "service/customer-gateway-istio", ":80")
	var c chain
	await.Eventually(t, await.Patience, "port-forward", func() string {
		m := forwarding.FindStringSubmatch(out.String())
		if m == nil {
			return "it says " + out.String()
		}
		c.url = "http://" + m[1]
		return ""
	})
	await.Eventually(t, 2*await.Patience, "both versions", func() string { return c.lacks(t, "v1", "v2") })
	return c
}

func (c chain) get(t *testing.T) string {
	t.Helper()
	client := http.Client{Timeout: 30 * time.Second}
	res, err := client.Get(c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.Status[:4] + string(text)
}

// lacks says which versions are not among 40 answers.
func (c chain) lacks(t *testing.T, versions ...string) string {
	t.Helper()
	var all strings.Builder
	for range 40 {
		all.WriteString(c.get(t))
	}
	for _, v := range versions {
		if !strings.Contains(all.String(), "recommendation "+v+" from") {
			return "no " + v + " in " + all.String()
		}
	}
	return ""
}

// nextRequest holds that a verb returns when its rule acts, and not before.
func (c chain) nextRequest(t *testing.T) {
	for n := range 20 {
		version := []string{"v1", "v2"}[n%2]
		began := time.Now()
		out := lab(t, "apply", "-f", "istiofiles/v1/route-rule-recommendation-"+version+".yml")
		t.Logf("%v", time.Since(began).Round(time.Millisecond))
		for range 5 {
			if answer := c.get(t); !strings.Contains(answer, "recommendation "+version+" from") {
				t.Fatalf("round %d: after %q the answer is %q", n, out, answer)
			}
		}
	}
	out := lab(t, "apply", "-f", "istiofiles/v1/route-rule-recommendation-v2.yml")
	if !strings.Contains(out, "unchanged") {
		t.Errorf("%q", out)
	}
}

func (c chain) deleted(t *testing.T) {
	out := lab(t, "delete", "-f", "istiofiles/v1/route-rule-recommendation-v2.yml")
	if !strings.Contains(out, " deleted") {
		t.Errorf("%q", out)
	}
	if lacks := c.lacks(t, "v1", "v2"); lacks != "" {
		t.Error(lacks)
	}
}

// wayIn changes what the Gateway's own proxy does, by the Gateway API.
func (c chain) wayIn(t *testing.T) {
	const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: customer, namespace: istio-tutorial}
spec:
  parentRefs: [{name: customer-gateway}]
  rules:
  - filters:
    - type: RequestRedirect
      requestRedirect: {hostname: example.org, statusCode: 302}
`
	for range 3 {
		apply := line("apply", "-f", "-")
		apply.Stdin = route
		apply.Run(t)
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Get(c.url)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusFound {
			t.Fatalf("after apply: %s", res.Status)
		}
		lab(t, "apply", "-f", "deploy/overlays/istio/gateway.yml")
		if answer := c.get(t); !strings.HasPrefix(answer, "200 ") {
			t.Fatalf("after apply of the file: %s", answer)
		}
	}
}

// policy is one that selects one workload only: the other proxies have nothing to acknowledge.
func (c chain) policy(t *testing.T) {
	lab(t, "create", "-f", "istiofiles/v1/access-nothing.yml")
	await.Eventually(t, await.Patience, "a refusal", func() string { // open connections have the old state
		if answer := c.get(t); !strings.HasPrefix(answer, "403 ") {
			return answer
		}
		return ""
	})
	lab(t, "delete", "-f", "istiofiles/v1/access-nothing.yml")
}

// refused holds that a rule which istiod takes and proxies do not is an error that names them.
func refused(t *testing.T) {
	apply := line("apply", "-f", "-")
	apply.Stdin = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: broken, namespace: istio-tutorial}
spec:
  workloadSelector: {labels: {app: preference}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: broken
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
          default_source_code: {inline_string: "function ("}
`
	out, err := apply.Try(t)
	want := regexp.MustCompile(`(?m)^Error: envoyfilter/broken: not taken by every proxy: preference-\S+ refuses its Listener: `)
	if err == nil || !want.MatchString(out) {
		t.Errorf("%v: %s", err, out)
	}
	out = lab(t, "delete", "envoyfilter", "broken")
	if !strings.Contains(out, `"broken" deleted`) {
		t.Error(out)
	}
}

func noWait(t *testing.T) {
	echo := line("apply", "--no-wait", "-v", "-f", "istiofiles/v1/route-rule-recommendation-v1.yml")
	out, err := cmdline.Line{Argv: append([]string{"sh", "-c", `"$@" 2>&1`, "sh"}, echo.Argv...), Env: echo.Env}.Try(t)
	if err != nil || strings.Contains(out, "istio-system") || !strings.Contains(out, "moved from namespace") {
		t.Errorf("%v: %s", err, out)
	}
	lab(t, "delete", "-f", "istiofiles/v1/route-rule-recommendation-v1.yml")
}

// verbs holds of each what it prints.
func verbs(t *testing.T) {
	lab(t, "apply", "-f", "istiofiles/v1/route-rule-recommendation-v2.yml")
	for _, v := range []struct{ line, want string }{
		{"get pods", `(?m)^preference-\S+ +2/2 +Running`},
		{"get vs,dr", `virtualservice\S*/recommendation`},
		{"get -f istiofiles/v1/route-rule-recommendation-v2.yml -o name", `(?m)^virtualservice.networking.istio.io/recommendation$`},
		{"describe vs recommendation", `Namespace: +` + namespace},
		{"logs --tail=1 deployment/recommendation-v2", `"msg":`},
		{"exec deployment/recommendation-v1 -c recommendation -- recommendation get http://preference:8080", `recommendation v2 from`},
		{"routes", `(?s)recommendation\.` + namespace + `.*recommendation\.` + namespace + `\n`},
		{"routes --from customer -o json", `(?s)^\[.*virtualHosts`},
		{"proxy-config clusters deployment/preference --fqdn recommendation." + namespace + ".svc.cluster.local", `\bv2\b`},
		{"pc secret deployment/preference", `ROOTCA`},
		{"proxy-status", `(?m)^customer-\S+\.` + namespace},
		{"proxy-logs --tail=1", `(?m)^\[pod/customer-\S+/istio-proxy\] `},
		{"proxy-logs deployment/preference --tail=1", `.`},
		{"stats deployment/preference cluster_manager.active_clusters", `(?m)^cluster_manager.active_clusters: \d+$`},
		{"stats cluster_manager.active_clusters", `(?s)customer-\S+ cluster_manager.active_clusters: \d+\n.*preference-`},
		{"analyze -f istiofiles/v1/route-rule-recommendation-v2.yml", `No validation issues found|IST0171`},
		{"analyze", `No validation issues found|IST0171`},
		{"x describe pod " + pod(t, "preference"), `Pod: preference-`},
		{"scale deployment recommendation-v2 --replicas=2", `scaled`},
		{"rollout status deployment/recommendation-v2 --timeout=2m", `successfully rolled out`},
		{"set env deployment/recommendation-v2 TIMEOUT=10ms", `env updated`},
		{"rollout status deployment/recommendation-v2 --timeout=2m", `successfully rolled out`},
		{"rollout undo deployment/recommendation-v2", `rolled back`},
		{"label vs recommendation step=2", `labeled`},
		{"annotate vs recommendation note=a", `annotated`},
		{`patch deployment recommendation-v2 -p {"spec":{"replicas":1}}`, `patched`},
		{"wait --for=condition=Available deployment/recommendation-v2 --timeout=2m", `condition met`},
		{"explain virtualservice", `VirtualService`},
		{"api-resources --api-group=networking.istio.io", `destinationrules`},
		{"events", `(?m)^LAST SEEN`},
		{"kube-inject -f deploy/customer/Deployment.yml", `(?s)name: istio-proxy.*namespace: ` + namespace + `|(?s)namespace: ` + namespace + `.*name: istio-proxy`},
		{"validate -f istiofiles/v1/route-rule-recommendation-v2.yml", `valid`},
		{"replace -f istiofiles/v1/route-rule-recommendation-v2.yml", `replaced`},
		{"convert -f istiofiles/route-rule-recommendation-v2.yml", `kind: VirtualService`},
		{"__complete get vs rec", `(?m)^recommendation$`},
		{"delete vs recommendation", `"recommendation" deleted`},
	} {
		if out, err := line(strings.Fields(v.line)...).Try(t); err != nil || !regexp.MustCompile(v.want).MatchString(out) {
			t.Errorf("bin/lab %s: %v; want %s in\n%s", v.line, err, v.want, out)
		}
	}
}

func pod(t *testing.T, app string) string {
	t.Helper()
	return lab(t, "get", "pods", "-l", "app="+app, "-o", "jsonpath={.items[0].metadata.name}")
}

// statuses are the programs' own, and so is what they say.
func statuses(t *testing.T) {
	lab(t, "apply", "-f", "istiofiles/v1/route-rule-recommendation-v1.yml")
	for _, v := range []struct {
		line, want string
		status     int
	}{
		{"create -f istiofiles/v1/route-rule-recommendation-v1.yml", `AlreadyExists`, 1},
		{"diff -f istiofiles/v1/route-rule-recommendation-v2.yml", `(?m)^\+ +subset: `, 1},
		{"exec deployment/recommendation-v1 -c recommendation -- recommendation get http://127.0.0.1:1", `command terminated with exit code 1`, 1},
		{"get vs nothing", `"nothing" not found`, 1},
		{"get pods --context nowhere", `context .*nowhere`, 1},
		{"apply --context nowhere -f istiofiles/v1/route-rule-recommendation-v1.yml", `context .*nowhere.*; --no-wait does not look`, 1},
		{"delete routerule recommendation-default", `routerule: a kind of the rules of 2018`, 2},
		{"why", `why: a cluster keeps no record`, 2},
	} {
		out, err := line(strings.Fields(v.line)...).Try(t)
		exit, _ := errors.AsType[*exec.ExitError](err)
		if exit == nil || exit.ExitCode() != v.status || !regexp.MustCompile(v.want).MatchString(out) {
			t.Errorf("bin/lab %s: %v, want status %d; want %s in\n%s", v.line, err, v.status, v.want, out)
		}
	}
}
