package xds_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestAccessByRequest asks what the pages of Istio show: methods, paths, hosts, headers, callers.
func TestAccessByRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer, other := w.pod("customer-v1", says("c")), w.pod("recommendation-v1", says("r"))
	w.pod("preference-v1", says("p"))
	w.account()
	const denied = "403 RBAC: access denied"
	for name, c := range map[string]struct {
		rule               string // action and rules
		customer           *pod
		path, header, want string
	}{
		"method":           {"{action: ALLOW, rules: [{to: [{operation: {methods: [GET]}}]}]}", customer, "/", "", "200 p"},
		"other method":     {"{action: ALLOW, rules: [{to: [{operation: {methods: [POST]}}]}]}", customer, "/", "", denied},
		"path":             {"{action: DENY, rules: [{to: [{operation: {paths: [/misbehave]}}]}]}", customer, "/misbehave?q=1", "", denied},
		"path by detour":   {"{action: DENY, rules: [{to: [{operation: {paths: [/misbehave]}}]}]}", customer, "/a/../misbehave", "", denied},
		"other path":       {"{action: DENY, rules: [{to: [{operation: {paths: [/misbehave]}}]}]}", customer, "/", "", "200 p"},
		"template":         {"{action: DENY, rules: [{to: [{operation: {paths: ['/a/{*}/c']}}]}]}", customer, "/a/b/c", "", denied},
		"template, longer": {"{action: DENY, rules: [{to: [{operation: {paths: ['/a/{*}/c']}}]}]}", customer, "/a/b/b/c", "", "200 p"},
		"any number":       {"{action: DENY, rules: [{to: [{operation: {paths: ['/a/{**}']}}]}]}", customer, "/a/b/b/c", "", denied},
		"host":             {"{action: DENY, rules: [{to: [{operation: {hosts: [PREFERENCE*]}}]}]}", customer, "/", "", denied},
		"port":             {"{action: DENY, rules: [{to: [{operation: {ports: ['8080']}}]}]}", customer, "/", "", denied},
		"other port":       {"{action: DENY, rules: [{to: [{operation: {notPorts: ['8080']}}]}]}", customer, "/", "", "200 p"},
		"header":           {"{action: DENY, rules: [{when: [{key: 'request.headers[X-Test]', values: ['*-no']}]}]}", customer, "/", "x-test: a-no", denied},
		"no header":        {"{action: DENY, rules: [{when: [{key: 'request.headers[X-Test]', values: ['*']}]}]}", customer, "/", "", "200 p"},
		"caller and method": {
			"{action: ALLOW, rules: [{from: [{source: {serviceAccounts: [customer]}}], to: [{operation: {methods: [GET]}}]}]}",
			customer, "/", "", "200 p",
		},
		"other caller": {
			"{action: ALLOW, rules: [{from: [{source: {serviceAccounts: [customer]}}], to: [{operation: {methods: [GET]}}]}]}",
			other, "/", "", denied,
		},
		"condition of caller": {
			"{action: ALLOW, rules: [{when: [{key: source.principal, notValues: ['*/customer']}]}]}", customer, "/", "", denied,
		},
		"nothing":    {"{}", customer, "/", "", denied},
		"everything": {"{action: DENY, rules: [{}]}", customer, "/", "", denied},
		"audit":      {"{action: AUDIT, rules: [{}]}", customer, "/", "", "200 p"},
	} {
		w.mustPush(w.today(policyText("p", c.rule)))
		headers := []string{}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		if got := w.get(c.customer, "http://preference:8080"+c.path, headers...).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func policyText(name, spec string) string {
	return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n" +
		"metadata: {name: " + name + "}\nspec: " + spec + "\n"
}

// TestDryRun holds that a policy on trial is counted, and decides nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.pod("preference-v1", says("p"))
	text := policyText("p", "{action: DENY, rules: [{}]}")
	w.mustPush(w.today(strings.Replace(text, "{name: p}", `{name: p, annotations: {"istio.io/dry-run": "true"}}`, 1)))
	if got := w.get(customer, "http://preference:8080").String(); got != "200 p" {
		t.Errorf("on trial: %s", got)
	}
	w.mustPush(w.today(text))
	if got := w.get(customer, "http://preference:8080").String(); got != "403 RBAC: access denied" {
		t.Errorf("in earnest: %s", got)
	}
}

// side is what a policy wants of one attribute of a request, as the reference says: one of the
// values if there are any, and none of the others.
type side struct{ values, others []string }

func (s side) holds(match func(pattern string) bool) bool {
	return (len(s.values) == 0 || slices.ContainsFunc(s.values, match)) && !slices.ContainsFunc(s.others, match)
}

// accessCase is one rule of a policy: a source, an operation and a condition, each of which may be
// left out.
type accessCase struct {
	action                      string
	accounts                    side
	hosts, ports, methods, path side
	header                      side
}

type request struct {
	caller, host, method, path, header string
}

// like is the reference's matching of texts: exactly, by the begin, by the end, or anything.
func like(text string) func(string) bool {
	return func(pattern string) bool {
		if pattern == "*" {
			return text != ""
		}
		if end, ok := strings.CutPrefix(pattern, "*"); ok {
			return strings.HasSuffix(text, end)
		}
		if begin, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(text, begin)
		}
		return text == pattern
	}
}

// likePath knows templates too: {*} is one segment, {**} any number of them.
func likePath(text string) func(string) bool {
	return func(pattern string) bool {
		begin, isDeep := strings.CutSuffix(pattern, "{**}")
		switch {
		case isDeep:
			return strings.HasPrefix(text, begin)
		case strings.Contains(pattern, "{*}"):
			ok, err := path.Match(strings.ReplaceAll(pattern, "{*}", "?*"), text)
			return ok && err == nil
		}
		return like(text)(pattern)
	}
}

func (c accessCase) about(r request) bool {
	lower := func(pattern string) bool { return like(strings.ToLower(r.host))(strings.ToLower(pattern)) }
	return c.accounts.holds(func(p string) bool { return p == r.caller }) &&
		c.hosts.holds(lower) &&
		c.ports.holds(func(p string) bool { return p == "8080" }) &&
		c.methods.holds(like(r.method)) &&
		c.path.holds(likePath(r.path)) &&
		c.header.holds(like(r.header))
}

// lets is the reference's order: who is denied, then, if anything is allowed, what is.
func lets(cases []accessCase, r request) bool {
	is := func(action string) func(accessCase) bool {
		return func(c accessCase) bool { return c.action == action && c.about(r) }
	}
	allows := func(c accessCase) bool { return c.action == "ALLOW" }
	return !slices.ContainsFunc(cases, is("DENY")) &&
		(!slices.ContainsFunc(cases, allows) || slices.ContainsFunc(cases, is("ALLOW")))
}

func (c accessCase) text(name string) string {
	field := func(name string, s side) string {
		var text string
		quoted := func(list []string) string { return fmt.Sprintf("[%s]", strings.Join(each(list, strconv.Quote), ", ")) }
		if len(s.values) > 0 {
			text += name + ": " + quoted(s.values) + ", "
		}
		if len(s.others) > 0 {
			text += "not" + strings.ToUpper(name[:1]) + name[1:] + ": " + quoted(s.others) + ", "
		}
		return text
	}
	var rule string
	if text := field("serviceAccounts", c.accounts); text != "" {
		rule += "from: [{source: {" + text + "}}], "
	}
	operation := field("hosts", c.hosts) + field("ports", c.ports) + field("methods", c.methods) + field("paths", c.path)
	if operation != "" {
		rule += "to: [{operation: {" + operation + "}}], "
	}
	if text := field("values", c.header); text != "" {
		rule += "when: [{key: 'request.headers[x-test]', " + text + "}], "
	}
	return policyText(name, "{action: "+c.action+", rules: [{"+rule+"}]}")
}

func each(list []string, change func(string) string) []string {
	changed := make([]string, len(list))
	for i, text := range list {
		changed[i] = change(text)
	}
	return changed
}

type accessGenerator struct{ *rand.Rand }

func (g accessGenerator) some(texts ...string) []string {
	if g.IntN(3) > 0 {
		return nil
	}
	g.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return texts[:1+g.IntN(min(3, len(texts)))]
}

func (g accessGenerator) side(texts ...string) side {
	s := side{values: g.some(texts...)}
	if g.IntN(2) == 0 {
		s.others = g.some(slices.Clone(texts)...)
	}
	return s
}

func (g accessGenerator) policy() accessCase {
	return accessCase{
		action:   []string{"ALLOW", "DENY"}[g.IntN(2)],
		accounts: g.side("customer", "recommendation", "nobody"),
		hosts:    g.side("preference*", "*:8080", "PREFERENCE:8080", "other.example", "*"),
		ports:    g.side("8080", "9080"),
		methods:  g.side("GET", "POST", "P*", "*T", "*"),
		path:     g.side("/", "/a", "/a/*", "*/c", "/a/{*}", "/a/{**}", "/a/{*}/c", "*"),
		header:   g.side("yes", "y*", "*o", "*"),
	}
}

func (g accessGenerator) request() request {
	one := func(texts ...string) string { return texts[g.IntN(len(texts))] }
	return request{
		caller: one("customer", "recommendation"),
		host:   one("preference:8080", "preference:8080", "Preference:8080"),
		method: one("GET", "POST", "PUT", "DELETE"),
		path:   one("/", "/a", "/a/b", "/a/b/c", "/a/b/b/c", "/x/c"),
		header: one("", "yes", "y", "no"),
	}
}

// TestAccessAgrees holds Envoy's verdict on generated requests against the reference's text.
func TestAccessAgrees(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clients := map[string]*http.Client{
		"customer":       w.pod("customer-v1", says("c")).client(t),
		"recommendation": w.pod("recommendation-v1", says("r")).client(t),
	}
	w.pod("preference-v1", says("p"))
	w.account()
	const sets, requests = 100, 100
	g := accessGenerator{rand.New(rand.NewPCG(1, 14))}
	refused := 0
	for range sets {
		cases := make([]accessCase, 1+g.IntN(3))
		var texts []string
		for i := range cases {
			cases[i] = g.policy()
			texts = append(texts, cases[i].text(fmt.Sprintf("p%d", i)))
		}
		w.mustPush(w.today(texts...))
		list := make([]request, requests)
		for i := range list {
			list[i] = g.request()
			if !lets(cases, list[i]) {
				refused++
			}
		}
		for i, status := range w.verdicts(clients, list) {
			if want := map[bool]int{true: 200, false: 403}[lets(cases, list[i])]; status != want {
				t.Fatalf("%+v: %d, want %d\n%s", list[i], status, want, strings.Join(texts, "---\n"))
			}
		}
	}
	t.Logf("%d of %d refused", refused, sets*requests)
	if refused < sets*requests/10 || refused > sets*requests*9/10 {
		t.Errorf("%d of %d refused: the requests hardly tell policies apart", refused, sets*requests)
	}
}

// verdicts are the statuses of the answers to requests of preference, several at once.
func (w *world) verdicts(clients map[string]*http.Client, list []request) []int {
	w.t.Helper()
	statuses := make([]int, len(list))
	var all sync.WaitGroup
	const atOnce = 4
	for worker := range atOnce {
		all.Go(func() {
			for i := worker; i < len(list); i += atOnce {
				r := list[i]
				req, err := http.NewRequestWithContext(w.t.Context(), r.method, "http://preference:8080"+r.path, nil)
				if err != nil {
					w.t.Error(err)
					return
				}
				if req.Host = r.host; r.header != "" {
					req.Header.Set("x-test", r.header)
				}
				resp, err := clients[r.caller].Do(req)
				if err != nil {
					w.t.Error(err)
					return
				}
				resp.Body.Close()
				statuses[i] = resp.StatusCode
			}
		})
	}
	all.Wait()
	return statuses
}
