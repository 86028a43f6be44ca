package xds_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestBounds creates rules with values at every bound that Envoy has: what the checks take, Envoy
// takes, and what they refuse they refuse with file, line and cause.
func TestBounds(t *testing.T) {
	t.Parallel()
	const seed = 11
	sets, seconds := 1000, 60
	if testing.Short() {
		sets = 100
	}
	p := ownProxy(t)
	certificate := httptest.NewTLSServer(nil)
	defer certificate.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate().Raw})
	if err := os.WriteFile(p.authorities, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	top := smallTopology()
	random := rand.New(rand.NewPCG(seed, 5))
	fields, began := boundedFields(), time.Now()
	taken, refused := 0, 0
	for n := range sets {
		text := boundary(random, fields[n%len(fields)])
		m, err := understood(top, text)
		if err != nil {
			refused++
			holdsPlace(t, err, text)
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second)
		err = p.push(ctx, top.Services[0].Namespace, m)
		cancel()
		if err != nil {
			t.Errorf("set %d: the checks take it, and the proxy says %.300v\n%.1500s", n, err, text)
		}
		taken++
	}
	t.Logf("%d taken, %d refused in %v", taken, refused, time.Since(began).Round(time.Millisecond))
	if taken < sets/4 || refused < sets/4 {
		t.Errorf("%d taken, %d refused: want many of both", taken, refused)
	}
}

// holdsPlace looks at a refusal.
func holdsPlace(t *testing.T, err error, text string) {
	t.Helper()
	var list document.Errors
	if !errors.As(err, &list) || len(list) == 0 {
		t.Errorf("error %v has no place\n%.500s", err, text)
		return
	}
	for _, one := range list {
		if one.File != "rules.yml" || one.Line < 1 || one.Cause == nil || len(one.Error()) > 3000 {
			t.Errorf("error %.200v: want file, line and cause\n%.500s", one, text)
		}
	}
}

// smallTopology has preference, which calls, and both versions of recommendation.
func smallTopology() mesh.Topology {
	top := tutorial()
	for i := range top.Instances {
		top.Instances[i].Proxy = ""
	}
	top.Instances[1].Proxy = freeAddress()
	return top
}

// understood is what rules of one dialect make.
func understood(top mesh.Topology, text string) (mesh.Mesh, error) {
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err != nil {
		return mesh.Mesh{}, err
	}
	parse, resolve := v1.Parse, gatewayapi.Resolve
	switch {
	case strings.HasPrefix(docs[0].APIVersion, gatewayapi.Group):
		parse = gatewayapi.Parse
	case docs[0].APIVersion == classic.APIVersion:
		parse, resolve = classic.Parse, classic.Resolve
	}
	list, err := parse(docs, "istio-tutorial")
	if err != nil {
		return mesh.Mesh{}, err
	}
	return resolve(rules.Set{}.Apply(list...), top), nil
}

// boundary is a set of rules: a field of a dialect with a value at a bound.
func boundary(random *rand.Rand, f bounded) string {
	values := f.values(random)
	value := values[random.IntN(len(values))]
	if random.IntN(4) == 0 {
		value += f.more(random)
	}
	return f.rule(value)
}

// quoted is a text as YAML has it.
func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// bounded is a field, and the values to try there.
type valuesOf = func(*rand.Rand) []string

type bounded struct {
	kind   string
	before string // of the value, in the file
	after  string
	values func(*rand.Rand) []string
	plain  bool // the value is not quoted
}

func (f bounded) rule(value string) string {
	if !f.plain {
		value = quoted(value)
	}
	return f.kind + f.before + value + f.after + "\n"
}

// more makes a text another one; nothing for what is no text.
func (f bounded) more(random *rand.Rand) string {
	if f.plain {
		return ""
	}
	return []string{"", "a", "%", ".", "\n", "é", "{0,9}", "(b)"}[random.IntN(8)]
}

const (
	inVirtualService  = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: x}\nspec:\n  hosts: [recommendation]\n  http:\n"
	toSome            = "    route: [{destination: {host: recommendation}}]\n"
	inDestinationRule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: x}\nspec:\n  host: recommendation\n  trafficPolicy: "
	inHTTPRoute       = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x}\nspec:\n  parentRefs: [{group: '', kind: Service, name: recommendation}]\n  rules:\n"
	toBackend         = "    backendRefs: [{name: recommendation, port: 8080}]\n"
	inRouteRule       = "apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {name: x}\nspec:\n  destination: {name: recommendation}\n  route: [{labels: {version: v1}}]\n"
)

func fixed(list ...string) func(*rand.Rand) []string {
	return func(*rand.Rand) []string { return list }
}

func long(n int) string { return strings.Repeat("x", n) }

func someTexts(extra ...string) func(*rand.Rand) []string {
	return fixed(append([]string{
		"", "a", " ", "a b", "a\r\nb: c", "\n", "\x00", "\x01", "é", "世界", "a%", "100%", "%%", "%FOO%", "a,b", "/", "/a?b#c",
		"%REQ(a)%", `\1`, `\`, long(1024), long(1025), long(16384), long(16385),
	}, extra...)...)
}

func commands() func(*rand.Rand) []string {
	return someTexts("%REQ()%", "%REQ(a b)%", "%REQ(:path)%", "%REQ(a?b)%", "%REQ(a?b?c)%", "%REQ(a):5%", "%REQ%",
		"%CEL(bad)%", "%CEL(", "%START_TIME%", "%START_TIME(%s)%", "%START_TIME(%Q)%", "%HOSTNAME%", "%HOSTNAME(a)%",
		"%HOSTNAME:3%", "%UPSTREAM_HOST%", "%DYNAMIC_METADATA(a:b)%", "%DYNAMIC_METADATA%", "%FILTER_STATE(a)%",
		"%FILTER_STATE(a:b)%", "%QUERY_PARAM(a)%", "%ENVIRONMENT(A)%", "%PATH(NQ:PATH)%", "%TLS_VERSION%", "%req(a)%",
		"%REQ(a)%%", "%%%", "%COALESCE({})%", "%GRPC_STATUS%", "%GRPC_STATUS(x)%", "%METADATA(a)%", "%RESP(a)%", "%TRACE_ID%")
}

func headerNames() func(*rand.Rand) []string {
	return someTexts("host", "Host", ":path", ":authority", ":x", "x-a", "connection", "content-length", "a:b", "a(b", "x_a")
}

func expressions() func(*rand.Rand) []string {
	return func(random *rand.Rand) []string {
		list := []string{
			"", "a", ".*", ".{0,200}", "a{1,1000}", "a{1001}", "(?=a)", "(?!a)b", `\Z`, `\z`, `\C`, `\pL`, `\p{Greek}`, `\p{Letter}`,
			`\p{LC}`, `\p{greek}`, `\x{800}`, `\x{ff}`, `\x41`, `\\x{800}`, `\1`, "(", ")", "[", "[z-a]", "[é-à]", "[à-é]", "*", "**", "a**",
			"(?P<n>a)", "(?<n>a)", "(?P<n>a)(?P<n>b)", "(?i)k", "(?z)", "(?s).", "^a$", `\b`, `\Qa(\E`, "[[:alpha:]]", "[[:foo:]]", "a|", "|", "()",
			"世界", "[世-界]", "\x00", "\n", strings.Repeat(".{0,1000}", 9), strings.Repeat(".{0,1000}", 11), strings.Repeat(".{0,1000}", 90),
			strings.Repeat("a{0,1000}", 20), "(a{100}){10}", "(a{100}){11}", "((a{10}){10}){11}", strings.Repeat("(", 300) + strings.Repeat(")", 300),
			long(1024), long(1025), strings.Repeat("(", 1001) + strings.Repeat(")", 1001), `[\w.]{1,900}\.[a-z]{2,800}`, "[^a]{0,1000}", `\W{0,1000}\D{0,1000}`,
		}
		atoms := []string{"a", ".", "[a-z]", `\w`, "(b|c)", "é", `\d`, "[^x]", "(?i:k)", `\s`}
		for range 10 {
			var b strings.Builder
			for range 1 + random.IntN(8) {
				fmt.Fprintf(&b, "%s{%d,%d}", atoms[random.IntN(len(atoms))], random.IntN(3), 3+random.IntN(997))
			}
			list = append(list, b.String())
		}
		return list
	}
}

func times() func(*rand.Rand) []string {
	return fixed("0s", "1ns", "999us", "1ms", "1.5ms", "1s", "9223372035s", "9223372035.999s", "9223372036s", "2562047h", "2562047h47m15s", "2562047h47m16s", "2562048h", "-1s", "1", "")
}

func numbers(list ...string) func(*rand.Rand) []string {
	return fixed(append(list, "-1", "0", "1", "2147483647", "2147483648", "4294967295", "4294967296", "4294967298", "9223372036854775808")...)
}

func statuses() func(*rand.Rand) []string {
	return numbers("99", "100", "199", "200", "503", "599", "600", "601", "301", "302", "304", "308")
}

func boundedFields() []bounded {
	return slices.Concat(
		fieldsOfV1(), connectionsOfV1(), limitsOfV1(), fieldsOf2018(), fieldsOfGateway(), fieldsOfEntries(),
	)
}
