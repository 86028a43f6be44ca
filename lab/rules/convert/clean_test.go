package convert_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/rules/classic"
)

// TestClean holds that nothing is written which analyze calls wrong, for rules that nobody wrote: those
// with values that 2018 took and today's APIs do not, among others. What cannot be said is named with
// its file and line.
func TestClean(t *testing.T) {
	t.Parallel()
	pods := tutorial(t)
	for _, to := range []objects.Edition{objects.V1, objects.GatewayAPI} {
		t.Run(string(to), func(t *testing.T) {
			t.Parallel()
			const tries = 300
			said := 0
			for seed := range uint64(tries) {
				g := generator{Rand: rand.New(rand.NewPCG(seed, 2))}
				text := g.rules(to)
				_, err := converted(t, pods, to, objects.File{Name: "rules.yml", Data: []byte(text)})
				if err == nil {
					said++
				} else if !reason.MatchString(err.Error()) {
					t.Errorf("refused with %v", err)
				}
				if t.Failed() {
					t.Fatalf("seed %d\n%s", seed, text)
				}
			}
			t.Logf("%d of %d could be said", said, tries)
			if said < tries/8 {
				t.Errorf("only %d of %d could be said", said, tries)
			}
		})
	}
}

// reason is how a problem is told.
var reason = regexp.MustCompile(`rules\.yml:\d+: \S`)

// TestCleanOfAllKinds holds that the generator writes rules of every kind of 2018.
func TestCleanOfAllKinds(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for seed := range uint64(50) {
		g := generator{Rand: rand.New(rand.NewPCG(seed, 2))}
		all.WriteString(g.rules(objects.V1))
	}
	for _, k := range classic.Kinds() {
		if !strings.Contains(all.String(), "\nkind: "+k.Kind+"\n") {
			t.Errorf("there is no %s", k.Kind)
		}
	}
}

type generator struct{ *rand.Rand }

func (g generator) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

// usually is mostly the first of several texts.
func (g generator) usually(usual string, odd ...string) string {
	if g.IntN(8) > 0 {
		return usual
	}
	return g.pick(odd...)
}

// seldom is mostly nothing.
func (g generator) seldom(texts ...string) string {
	if g.IntN(3) > 0 {
		return ""
	}
	return g.pick(texts...)
}

func (g generator) rules(to objects.Edition) string {
	var b strings.Builder
	for i := range 1 + g.IntN(3) {
		b.WriteString(g.routeRule(fmt.Sprintf("r%d", i), to == objects.GatewayAPI))
	}
	if to == objects.GatewayAPI {
		return b.String()
	}
	for i := range g.IntN(3) {
		b.WriteString(g.policy(fmt.Sprintf("p%d", i)))
	}
	b.WriteString(g.seldom(g.egress()))
	b.WriteString(g.seldom(g.mixer()))
	return b.String()
}

func object(kind, name, namespace, spec string) string {
	return fmt.Sprintf("---\napiVersion: config.istio.io/v1alpha2\nkind: %s\n"+
		"metadata: {name: %s, namespace: %s}\nspec:\n%s", kind, name, namespace, spec)
}

func (g generator) labels() string {
	return "labels: {" + g.usually(g.pick("version: v1", "version: v2"),
		"version: v2, app: recommendation", "version: V2", "version: v.2", `version: ""`, "version: v2-", "version: v_2", "version: -",
		"version: v/2", "track: "+strings.Repeat("x", 64), "version: v1, a/b/c: d",
		"timeout: 60s", `on: "yes"`, `version: "1"`) + "}"
}

func (g generator) time() string {
	return g.usually(g.pick("1s", "2s", "90s", "2m"), "1ms", "1.5s", "1h", "1h0m1.001s", "100000h")
}

func (g generator) match(forRoutes bool) string {
	usual := g.pick("user-agent: {regex: .*Safari.*}", "x: {exact: b}", "uri: {exact: /a}")
	odd := []string{
		`x: {exact: ""}`, `x: {regex: ""}`,
		`"x y": {exact: b}`, `":authority": {exact: b}`, `"é": {exact: b}`,
		"uri: {exact: a}", "uri: {exact: //a}", "uri: {exact: /a/..}",
		"method: {exact: POST}", "method: {exact: post}", "y: {regex: c+}",
		"x: {regex: " + strings.Repeat("x", 1030) + "}", "x: {exact: " + strings.Repeat("x", 4100) + "}",
		`x: {regex: "a{0,900}b{0,900}"}`, "timeout: {exact: 60s}",
	}
	if !forRoutes {
		odd = append(odd, `x: {prefix: ""}`, "x: {prefix: b}", "uri: {prefix: /a}",
			`authority: {regex: ""}`, "authority: {exact: c}", `method: {prefix: ""}`,
			`scheme: {exact: ""}`, "scheme: {prefix: ht}")
	}
	text := "  match: {request: {headers: {" + g.usually(usual, odd...) + "}}"
	if !forRoutes {
		text += g.seldom(", source: {name: preference}", ", source: {name: customer}",
			", source: {name: recommendation, labels: {version: v2}}")
	}
	return text + "}\n"
}

func (g generator) routeRule(name string, forRoutes bool) string {
	spec := fmt.Sprintf("  destination: {name: %s, namespace: istio-tutorial}\n  precedence: %d\n",
		g.pick("recommendation", "recommendation", "preference"), g.IntN(3)) +
		g.seldom(g.match(forRoutes)) +
		g.seldom("  route: [{"+g.labels()+"}]\n",
			"  route: [{"+g.labels()+", weight: 75}, {"+g.labels()+", weight: 25}]\n",
			"  route: [{"+g.labels()+", weight: 100}, {"+g.labels()+", weight: 0}]\n",
			"  route: [{destination: {name: customer}}]\n",
			"  route: [{destination: {service: httpbin.org}}]\n") +
		g.seldom("  httpReqTimeout: {simpleTimeout: {timeout: "+g.time()+"}}\n") +
		g.seldom(fmt.Sprintf("  httpReqRetries: {simpleRetry: {attempts: %d, perTryTimeout: %s}}\n",
			g.IntN(3), g.time())) +
		g.seldom("  mirror: {name: recommendation, namespace: istio-tutorial, "+g.labels()+"}\n") +
		g.seldom("  appendHeaders: {a: b}\n  rewrite: {uri: "+g.pick("/", "/b", "b", "/b/", "/a b")+"}\n",
			"  rewrite: {authority: "+g.pick("b.test", "B", "b.test:80")+"}\n", "  websocketUpgrade: true\n",
			"  corsPolicy: {allowOrigin: ["+g.pick("http://a.test", "'*'", "a.test")+"], allowMethods: [POST], maxAge: 1d}\n")
	if !forRoutes {
		spec += g.seldom("  httpFault: {abort: {percent: 50, httpStatus: "+g.usually("503", "200", "599", "0")+"}}\n",
			"  httpFault: {delay: {percent: 10.5, fixedDelay: "+g.time()+"}}\n")
	}
	return object("RouteRule", name, g.pick("istio-tutorial", "istio-tutorial", "default"), spec)
}

func (g generator) policy(name string) string {
	return object("DestinationPolicy", name, "istio-tutorial",
		"  destination: {name: recommendation"+g.seldom(", "+g.labels())+"}\n"+
			g.seldom("  source: {name: preference}\n", "  source: {name: customer}\n")+
			g.pick("  loadBalancing: {name: RANDOM}\n", "  loadBalancing: {name: LEAST_CONN}\n",
				"  loadBalancing: {name: ROUND_ROBIN}\n", "  circuitBreaker: {simpleCb: {"+
					g.pick("maxConnections: 1, httpConsecutiveErrors: 2, ", "", "httpMaxRetries: 3, ")+
					g.seldom("httpMaxEjectionPercent: 100, ")+
					"sleepWindow: "+g.time()+", httpDetectionInterval: "+g.time()+"}}\n"))
}

func (g generator) egress() string {
	return object("EgressRule", "e", "istio-tutorial",
		"  destination: {service: "+g.usually("httpbin.org", "localhost", "a.b", "1.2.3.4", "'*.b.org'")+"}\n"+
			"  ports: [{port: 443, protocol: "+g.pick("http", "https", "http2", "grpc")+"}]\n")
}

// mixer is a rule for the calls of some pods with a handler of some kind.
func (g generator) mixer() string {
	handler, spec, instance, value := "denier", "  {status: {code: 7}}\n", "checknothing", "  {}\n"
	switch g.IntN(4) {
	case 0:
		handler, spec = "listchecker", "  {overrides: [recommendation], blacklist: "+g.pick("true", "false")+"}\n"
		instance, value = "listentry", "  value: source.labels[\"app\"]\n"
	case 1:
		handler, spec = "memquota", fmt.Sprintf(
			"  quotas: [{name: i.quota.istio-tutorial, maxAmount: %s, validDuration: %s}]\n",
			g.pick("1", "5000", "5000000", "3000000000", "90000000000000000"), g.time())
		instance, value = "quota", "  dimensions:\n    source: source.labels[\"app\"]\n"
	case 2:
		handler, instance = "prometheus", "metric"
		spec = "  metrics: [{name: m, instanceName: i.metric.istio-tutorial, kind: COUNTER, labelNames: [a, b]}]\n"
		value = "  value: \"1\"\n  dimensions:\n    a: request.headers[\"" + g.usually("x", "it's", "a|b", "X") +
			"\"]\n    b: " + g.pick("request.path", "response.code", "source.service") + "\n"
	}
	text := object(handler, "h", "istio-tutorial", spec) + object(instance, "i", "istio-tutorial", value)
	if handler == "memquota" {
		text += object("QuotaSpec", "s", "istio-tutorial", "  rules: [{quotas: [{quota: i, charge: 1}]}]\n") +
			object("QuotaSpecBinding", "s", "istio-tutorial",
				"  quotaSpecs: [{name: s}]\n  services: [{name: recommendation}]\n")
	}
	return text + object("rule", "m", "istio-tutorial", fmt.Sprintf(
		"  match: destination.labels[\"app\"] == \"%s\"%s\n"+
			"  actions: [{handler: h.%s, instances: [i.%s]}]\n",
		g.pick("preference", "recommendation"), g.seldom(` && source.labels["app"] == "customer"`),
		handler, instance))
}
