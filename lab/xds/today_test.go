package xds_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/outside"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// today is what rules of today make of the world: files of istiofiles, and text that is none.
func (w *world) today(rules ...string) mesh.Mesh {
	w.t.Helper()
	set := v1.Set{}
	for _, rule := range rules {
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

// TestTodaysRateLimit spends the token of each pod by itself, and tells it by a header. New
// workloads, those of other tests too, would bring new tokens.
func TestTodaysRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference, customer := w.pod("preference-v1", says("p")), w.pod("customer-v1", says("c"))
	w.pod("recommendation-v1", says("v1"))
	w.pod("recommendation-v2", says("v2"))
	w.pod("recommendation-v2", says("v2"))
	w.account()
	data, err := os.ReadFile("../../istiofiles/v1/recommendation_rate_limit_handler.yml")
	if err != nil {
		t.Fatal(err)
	}
	rule := strings.Replace(string(data), "fill_interval: 1s", "fill_interval: 10h", 1) +
		"          response_headers_to_add:\n" +
		"          - append_action: OVERWRITE_IF_EXISTS_OR_ADD\n" +
		"            header: {key: x-local-rate-limit, value: \"true\"}\n"
	m := w.today(rule)
	w.mustPush(m)
	got := w.several(15, preference, recommendation)
	for answer, n := range w.several(15, customer, recommendation) {
		got[answer] += n
	}
	const limited = "429 local_rate_limited"
	if got["200 v2"] != 2 || got["200 v1"] == 0 || got["200 v1"]+got[limited] != 28 {
		t.Errorf("answers %v", got)
	}
	counted := w.proxy.stat(t, `^http_local_rate_limiter@`+w.ns+
		`/recommendation-v2.*;\.http_local_rate_limit\.rate_limited$`)
	if counted != got[limited] {
		t.Errorf("Envoy counted %d, the clients %d", counted, got[limited])
	}
	eventually(t, func() error {
		a := w.get(preference, recommendation)
		if a.status != 429 {
			return fmt.Errorf("%s", a)
		}
		if a.header.Get("X-Local-Rate-Limit") != "true" {
			t.Errorf("header %v", a.header)
		}
		return nil
	})
	// Another rule gives no new tokens, and who is refused spends none.
	w.mustPush(w.today(rule, virtualService(toRecommendation)))
	if got := w.several(15, preference, recommendation); got["200 v2"] != 0 {
		t.Errorf("after another change: %v", got)
	}
}

// TestTwoLimits holds the stricter of two, for which a listener is not prepared.
func TestTwoLimits(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, ownProxy(t))
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v2", says("v2"))
	data, err := os.ReadFile("../../istiofiles/v1/recommendation_rate_limit_handler.yml")
	if err != nil {
		t.Fatal(err)
	}
	strict := strings.Replace(string(data), "fill_interval: 1s", "fill_interval: 10h", 1)
	loose := strings.NewReplacer("name: recommendation-v2-ratelimit", "name: loose",
		"tokens: 1", "tokens: 100", "tokens_per_fill: 1", "tokens_per_fill: 100").Replace(strict)
	w.mustPush(w.today(strict, loose))
	if got := w.several(5, preference, recommendation); got["200 v2"] != 1 {
		t.Errorf("answers %v", got)
	}
}

// TestRefusedSpendNothing denies customer before its calls are counted.
func TestRefusedSpendNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference, customer := w.pod("preference-v1", says("p")), w.pod("customer-v1", says("c"))
	w.pod("recommendation-v2", says("v2"))
	w.account()
	deny := strings.ReplaceAll(`apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny}
spec:
  action: DENY
  rules: [{from: [{source: {principals: ["*/sa/customer"]}}]}]
`, "\t", "")
	w.mustPush(w.today("recommendation_rate_limit_handler.yml", deny))
	if got := w.several(5, customer, recommendation); got["403 RBAC: access denied"] != 5 {
		t.Errorf("customer gets %v", got)
	}
	if got := w.get(preference, recommendation).String(); got != "200 v2" {
		t.Errorf("preference gets %s", got)
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

// TestFailedConnection is retried twice, as no program has seen it.
func TestFailedConnection(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	gone := httptest.NewServer(says("gone"))
	gone.Close()
	p.outside = at(gone)
	w.mustPush(w.today("egress_httpbin.yml"))
	const want = "503 upstream connect error or disconnect/reset before headers. retried and the " +
		"latest reset reason: remote connection failure"
	if got := w.get(customer, "http://httpbin.org").String(); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
	if n := p.stat(t, `^cluster\.outbound\|80\|\|httpbin.*;\.upstream_rq_retry$`); n != 2 {
		t.Errorf("%d retries, want 2", n)
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
				eventually(t, func() error {
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
	eventually(t, func() error {
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

// TestTodaysConditions tries what only rules of today can say of a request.
func TestTodaysConditions(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	for _, c := range []struct {
		match   string
		yes, no []string // paths, or paths and the value of x-a
	}{
		{"queryParams: {q: {exact: b}}", []string{"/?q=b", "/x?a=1&q=b"}, []string{"/", "/?q=c", "/?x=b"}},
		{"queryParams: {q: {prefix: b}}", []string{"/?q=bc"}, []string{"/?q=cb"}},
		{"queryParams: {q: {regex: b+}}", []string{"/?q=bb"}, []string{"/?q=bbc"}},
		{"queryParams: {q: {regex: .*}}", []string{"/?q=", "/?q=x"}, []string{"/?r"}},
		{"uri: {exact: /Ab}, ignoreUriCase: true", []string{"/aB?c"}, []string{"/abc"}},
		{"uri: {prefix: /Ab}, ignoreUriCase: true", []string{"/aBc"}, []string{"/bab"}},
		{"uri: {exact: /Ab}", []string{"/Ab"}, []string{"/ab"}},
		{"headers: {x-a: {}}", []string{"/ b"}, []string{"/"}},
		{"withoutHeaders: {x-a: {exact: b}}", []string{"/", "/ c"}, []string{"/ b"}},
		{"withoutHeaders: {x-a: {}}", []string{"/"}, []string{"/ b"}},
		{`headers: {":path": {prefix: /ab}}, uri: {prefix: /a}`, []string{"/abc"}, []string{"/ac"}},
	} {
		w.mustPush(w.today("destination-rule-recommendation.yml", virtualService(
			"  - match: [{"+c.match+"}]\n    route: [{destination: {host: recommendation, subset: version-v1}}]")))
		for _, list := range []struct {
			requests []string
			want     string
		}{{c.yes, "200 v1"}, {c.no, "404 "}} {
			for _, request := range list.requests {
				path, value, has := strings.Cut(request, " ")
				var headers []string
				if has {
					headers = append(headers, "x-a: "+value)
				}
				if got := w.get(preference, recommendation+path, headers...).String(); got != list.want {
					t.Errorf("%s: %s: %s, want %s", c.match, request, got, list.want)
				}
			}
		}
	}
}

// TestIgnoreCase compares a second condition of the path, which is one of a header.
func TestIgnoreCase(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	always := mesh.Condition{Attribute: mesh.Path, Compare: mesh.Prefix, Value: "/"}
	for _, how := range []mesh.Comparison{mesh.Exact, mesh.Prefix, mesh.Segments} {
		second := mesh.Condition{Attribute: mesh.Path, Compare: how, Value: "/Ab", IgnoreCase: true}
		m := w.today()
		eachRoute(m, func(r *mesh.Route) { r.Match = []mesh.Condition{always, second} })
		w.mustPush(m)
		for path, want := range map[string]int{"/aB": 200, "/aB?c": 200, "/b": 404} {
			if got := w.get(preference, recommendation+path).status; got != want {
				t.Errorf("%d: %s: %d, want %d", how, path, got, want)
			}
		}
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
		case <-time.After(patience):
			t.Fatal("a copy is missing")
		}
	}
}

// TestAllowAny lets every call out of the mesh, in plain text and encrypted, and none to a name
// that only a cluster could have.
func TestAllowAny(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	there, err := outside.Start(p.authorities)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close(t.Context())
	p.outside = there.Address
	w.mustPush(w.today())
	for url, want := range map[string]string{
		"http://httpbin.org/status/418":                   "418",
		"http://httpbin.org:80/status/204":                "204",
		"http://api.github.com:443/users":                 "400", // plain text to a port that wants TLS
		"http://example.com:8080/a":                       "200 GET /a at example.com",
		"http://nope:8080":                                "503 no such host",
		"http://customer:9090":                            "503 no such host",
		"http://nope." + w.ns:                             "503 no such host",
		"http://nope." + w.ns + ".svc.cluster.local:8080": "503 no such host",
		"http://customer:8080":                            "200 c",
	} {
		a := w.get(customer, url, "x-lab-caller: me")
		if !strings.HasPrefix(a.String(), want) {
			t.Errorf("%s: %s, want %s", url, a, want)
		}
	}
	if a := w.get(customer, "http://httpbin.org/headers", "x-lab-caller: me"); a.status != 200 ||
		strings.Contains(strings.ToLower(a.body), "x-lab-caller") {
		t.Errorf("what a host outside sees: %s", a)
	}
	encrypted := encryptedClient(t, customer, p.authorities)
	const https = "https://api.github.com/users"
	if a := get(t, encrypted, https); a.status != 200 || !strings.Contains(a.body, "recommendation") {
		t.Errorf("%s: %s", https, a)
	}

	w.mustPush(w.today("egress_registry_only.yml"))
	for _, url := range []string{"http://httpbin.org/headers", "http://nope:8080", "http://api.github.com:443"} {
		if got := w.get(customer, url).String(); got != "502 " {
			t.Errorf("%s when closed: %q", url, got)
		}
	}
	encrypted.CloseIdleConnections()
	if a, err := ask(t.Context(), encrypted, https); err == nil || !strings.Contains(err.Error(), "Bad Gateway") {
		t.Errorf("%s when closed: %s, %v", https, a, err)
	}
	w.mustPush(w.today("egress_registry_only.yml", "egress_httpbin.yml", "egress_github.yml"))
	for url, want := range map[string]int{
		"http://httpbin.org/headers": 200, "http://api.github.com:443/users": 200, "http://example.com": 502,
	} {
		if got := w.get(customer, url).status; got != want {
			t.Errorf("%s with its ServiceEntry: %d, want %d", url, got, want)
		}
	}
}

// encryptedClient speaks TLS through its pod's sidecar, and believes an authority.
func encryptedClient(t *testing.T, p *pod, authority string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := p.client(t)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	return client
}

// TestInternet finds hosts by their names where nothing stands in for them.
func TestInternet(t *testing.T) {
	t.Parallel()
	p := ownProxy(t)
	w := newWorldOn(t, p)
	customer := w.pod("customer-v1", says("c"))
	local := httptest.NewTLSServer(says("encrypted"))
	defer local.Close()
	plain := httptest.NewServer(says("plain"))
	defer plain.Close()
	w.mustPush(w.today())
	client := customer.client(t)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	for url, want := range map[string]string{
		plain.URL: "200 plain", local.URL: "200 encrypted",
		"http://nowhere.invalid": "503 DNS resolution failure",
	} {
		if got := get(t, client, url).String(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

// TestTarget leads to another port of a host than the one that clients call.
func TestTarget(t *testing.T) {
	t.Parallel()
	docs, err := document.Parse("rules.yml", strings.NewReader(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  hosts: [example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8081}]
`))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := v1.Parse(docs, "istio-tutorial")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(configuration(t, v1.Resolve(v1.Set{}.Apply(rules...), tutorial())))
	if !strings.Contains(text, "address:example.com portValue:8081") {
		t.Error("the cluster does not lead to port 8081")
	}
}
