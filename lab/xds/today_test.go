package xds_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// today is what rules of today make of the world: files of istiofiles, and text that is none.
func (w *world) today(texts ...string) mesh.Mesh {
	w.t.Helper()
	set := rules.Set{}
	for _, rule := range texts {
		text := rule
		if !strings.Contains(rule, "\n") {
			data, err := os.ReadFile("../../istiofiles/v1/" + rule)
			if err != nil {
				w.t.Fatal(err)
			}
			text = string(data)
		}
		text = strings.ReplaceAll(text, "istio-tutorial", w.ns)
		docs, err := document.Parse("rules.yml", strings.NewReader(text))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, doc := range docs {
			parse := v1.Parse
			if strings.HasPrefix(doc.APIVersion, gatewayapi.Group) {
				parse = gatewayapi.Parse
			}
			parsed, err := parse([]document.Document{doc}, w.ns)
			if err != nil {
				w.t.Fatal(err)
			}
			set = set.Apply(parsed...)
		}
	}
	return gatewayapi.Resolve(set, w.top)
}

// virtualService routes recommendation.
func virtualService(http string) string {
	return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: recommendation}
spec:
  hosts: [recommendation]
  http:
` + http + "\n"
}

const toRecommendation = "  - route: [{destination: {host: recommendation}}]\n"

// account gives workloads the service accounts of deploy/.
func (w *world) account() {
	for i := range w.top.Workloads {
		w.top.Workloads[i].ServiceAccount = w.top.Workloads[i].Labels["app"]
	}
}

func TestTodaysDenials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer, other := w.pod("customer-v1", says("c")), w.pod("recommendation-v1", says("r"))
	preference := w.pod("preference-v1", says("p"))
	w.account()
	const denied = "403 RBAC: access denied"
	for file, other2 := range map[string]string{"acl-whitelist.yml": "200 p", "acl-blacklist.yml": "200 p"} {
		w.mustPush(w.today(file))
		before := preference.requests.Load()
		a := w.get(customer, "http://preference:8080")
		if a.String() != denied || a.header.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: customer gets %q, %v", file, a, a.header)
		}
		if n := preference.requests.Load() - before; n != 0 {
			t.Errorf("%s: the program got %d refused requests", file, n)
		}
		if got := w.get(other, "http://preference:8080").String(); got != other2 {
			t.Errorf("%s: recommendation gets %q", file, got)
		}
	}
	w.mustPush(w.today("apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n" +
		"metadata: {name: nobody}\nspec: {}\n"))
	if got := w.get(other, "http://customer:8080").String(); got != denied {
		t.Errorf("an empty policy: %s", got)
	}
}

// TestMissing leads to a subset that nobody defined.
func TestMissing(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.mustPush(w.today(virtualService(
		"  - route: [{destination: {host: recommendation, subset: version-v1}}]")))
	if got := w.get(preference, recommendation).String(); got != "503 " {
		t.Errorf("subset without DestinationRule: %q", got)
	}
	const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: recommendation}
spec:
  parentRefs: [{group: "", kind: Service, name: recommendation, port: 8080}]
  rules: [{backendRefs: [{name: nosuch, port: 8080}]}]
`
	w.mustPush(w.today(route))
	if got := w.get(preference, recommendation).String(); got != "500 " {
		t.Errorf("HTTPRoute with a bad backend: %q", got)
	}
	w.mustPush(w.today(strings.Replace(route, "[{backendRefs: [{name: nosuch, port: 8080}]}]", "[{}]", 1)))
	if got := w.get(preference, recommendation).String(); got != "500 " {
		t.Errorf("HTTPRoute without backends: %q", got)
	}
	m := w.today(virtualService("  - route: [{destination: {host: recommendation}}]\n" +
		"    mirrors: [{destination: {host: recommendation, subset: nosuch}}]"))
	w.mustPush(m)
	if got := w.several(4, preference, recommendation); got["200 v1"]+got["200 v2"] != 4 {
		t.Errorf("mirror to a missing cluster: %v", got)
	}
}

func TestDirect(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.mustPush(w.today(virtualService("  - directResponse: {status: 418, body: {string: tea}}")))
	if got := w.get(preference, recommendation).String(); got != "418 tea" {
		t.Error(got)
	}
}

// TestDefaultRetries does not retry what a program answers.
func TestDefaultRetries(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	bad := w.pod("recommendation-v2", faulty)
	w.mustPush(w.today())
	got := w.several(60, preference, recommendation)
	if n := int(bad.requests.Load()); n == 0 || got["503 bad"] != n {
		t.Errorf("%d bad answers, of which %v arrived", n, got)
	}
	const retries = "  - route: [{destination: {host: recommendation}}]\n" +
		"    retries: {attempts: 2, retryOn: \"503\"}"
	w.mustPush(w.today(virtualService(retries)))
	if got := w.several(60, preference, recommendation); got["200 v1"]+got["200 v2"] != 60 {
		t.Errorf("answers with retryOn 503: %v", got)
	}
}

// TestLeastRequest sends everything to the pod that is not busy.
func TestLeastRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	hold := make(chan struct{})
	began := make(chan struct{}, 1)
	w.pod("recommendation-v1", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			began <- struct{}{}
			<-hold
		}
		fmt.Fprint(rw, "v1")
	})
	w.pod("recommendation-v2", says("v2"))
	m := w.today("destination-rule-recommendation.yml", virtualService(
		"  - match: [{uri: {prefix: /hold}}]\n"+
			"    route: [{destination: {host: recommendation}}]\n"+toRecommendation))
	eachRoute(m, func(r *mesh.Route) { // only v1 knows /hold
		if len(r.Match) > 0 {
			r.Match = append(r.Match, mesh.Condition{Attribute: mesh.Header, Header: "x", Compare: mesh.Present})
		}
	})
	w.mustPush(m)
	answers := make(chan answer, 1)
	for { // until v1 is the one that is held
		ended := make(chan struct{})
		go func() {
			a, _ := ask(t.Context(), preference.client(t), recommendation+"/hold")
			answers <- a
			close(ended)
		}()
		select {
		case <-began:
		case <-ended:
			<-answers
			continue
		}
		break
	}
	const n = 200
	got := w.several(n, preference, recommendation)
	close(hold)
	<-answers
	// Of two picks, both are v1 in one of four; else the idle v2 gets the request.
	share(t, "idle pod", got["200 v2"], n, 0.75)
}

// TestGatewayErrors ejects for 502 to 504 alone.
func TestGatewayErrors(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{500: 0, 503: 1} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			preference := w.pod("preference-v1", says("p"))
			w.pod("recommendation-v1", says("v1"))
			w.pod("recommendation-v2", func(rw http.ResponseWriter, _ *http.Request) {
				rw.WriteHeader(status)
			})
			w.mustPush(w.today(`apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: recommendation}
spec:
  host: recommendation
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    outlierDetection:
      consecutive5xxErrors: 0
      consecutiveGatewayErrors: 2
      baseEjectionTime: 1h
      maxEjectionPercent: 100
`))
			cluster := `cluster\.outbound\|8080\|\|recommendation.*@` + w.ns + `/preference.*;\.`
			w.several(20, preference, recommendation)
			active := func() int { return w.proxy.stat(t, cluster+`outlier_detection\.ejections_active$`) }
			if want > 0 {
				labtest.Until(t, func() error {
					if n := active(); n != want {
						return fmt.Errorf("%d ejected, want %d", n, want)
					}
					return nil
				})
			}
			if n := active(); n != want {
				t.Errorf("%d ejected, want %d", n, want)
			}
			share := w.several(10, preference, recommendation)["200 v1"]
			if (share == 10) != (want == 1) {
				t.Errorf("v1 answers %d of 10", share)
			}
		})
	}
}

// TestAllEjected has no panic: with every pod gone nobody is asked.
func TestAllEjected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v2", faulty)
	w.mustPush(w.today("route-rule-recommendation-v2.yml", "recommendation_cb_policy_pool_ejection.yml"))
	if got := w.get(preference, recommendation).String(); got != "503 bad" {
		t.Errorf("first answer %s", got)
	}
	labtest.Until(t, func() error {
		if a := w.get(preference, recommendation); a.String() != "503 no healthy upstream" {
			return fmt.Errorf("still %s", a)
		}
		return nil
	})
}

// TestZeroErrors never ejects.
func TestZeroErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v2", faulty)
	m := ejecting(t, w)
	eachCluster(m, func(p *mesh.Policy) {
		if p.Outlier != nil {
			p.Outlier.Errors = new(0)
		}
	})
	w.mustPush(m)
	w.several(10, preference, recommendation)
	cluster := `cluster\.outbound\|8080\|version=v2.*@` + w.ns + `/preference.*;\.outlier_detection\.`
	if n := w.proxy.stat(t, cluster+"ejections_enforced_total$"); n != 0 {
		t.Errorf("%d ejections", n)
	}
}

// TestTodaysMirror leaves the host of a copy as it is.
func TestTodaysMirror(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("v1"))
	copies := make(chan string, 10)
	w.pod("recommendation-v2", func(_ http.ResponseWriter, r *http.Request) { copies <- r.Host })
	w.mustPush(w.today("route-rule-recommendation-v1-mirror-v2.yml"))
	if got := w.several(10, preference, recommendation); got["200 v1"] != 10 {
		t.Errorf("answers %v", got)
	}
	for range 10 {
		select {
		case host := <-copies:
			if host != "recommendation:8080" {
				t.Errorf("host of a copy: %s", host)
			}
		case <-time.After(labtest.Deadline):
			t.Fatal("a copy is missing")
		}
	}
}
