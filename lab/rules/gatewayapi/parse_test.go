package gatewayapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules/gatewayapi"
)

// The oracle of the rules themselves is package v1's, whose cases have both kinds of rules.

const aRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: recommendation
  namespace: istio-tutorial
spec:
  parentRefs:
  - group: ""
    kind: Service
    name: recommendation
    port: 8080
  rules:
  - matches:
    - headers:
      - name: user-agent
        type: RegularExpression
        value: .*Safari.*
    filters:
    - type: RequestMirror
      requestMirror:
        backendRef:
          name: recommendation-v2
          port: 8080
        percent: 50
    backendRefs:
    - name: recommendation-v1
      port: 8080
      weight: 90
    timeouts:
      request: 2s
      backendRequest: 1s
    retry:
      attempts: 3
      codes: [503]
`

const aGateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: customer-gateway
spec:
  gatewayClassName: istio
  listeners:
  - name: http
    port: 80
    protocol: HTTP
`

const aReshape = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a}
spec:
  rules:
  - matches: [{path: {type: PathPrefix, value: /a}}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: a, value: b}], remove: [c]}
    - type: URLRewrite
      urlRewrite: {hostname: a.test, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}
    backendRefs: [{name: a, port: 80}]
`

const aRedirect = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a}
spec:
  rules:
  - filters:
    - type: RequestRedirect
      requestRedirect:
        statusCode: 301
        scheme: https
        hostname: a.test
        port: 8443
`

const aGrant = `apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: b}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: a}]
  to: [{group: "", kind: Service, name: other}]
`

func parse(text string) error {
	docs, err := document.Parse("rules.yml", strings.NewReader(text))
	if err == nil {
		_, err = gatewayapi.Parse(docs, "default")
	}
	return err
}

// TestMutants takes one word of a good file for another, and wants the line of it.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, text := range []string{aRoute, aGateway, aReshape, aRedirect, aGrant} {
		if err := parse(text); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ file, old, now, want string }{
		"kind":             {aRoute, "HTTPRoute", "HttpRoute", "2: kind: HttpRoute"},
		"version":          {aRoute, "k8s.io/v1", "k8s.io/v2", "not supported by the lab"},
		"name":             {aRoute, "name: recommendation\n  namespace", "name: A\n  namespace", "4: metadata.name"},
		"parent's kind":    {aRoute, "kind: Service", "kind: Deployment", "9: spec.parentRefs[0].kind"},
		"parent's port":    {aRoute, "port: 8080\n  rules", "port: 0\n  rules", "11: spec.parentRefs[0].port: port 0"},
		"field":            {aRoute, "backendRefs:", "backendRef:", "25: spec.rules[0].backendRef: unknown field"},
		"type":             {aRoute, "RegularExpression", "Regex", "16: spec.rules[0].matches[0].headers[0].type"},
		"expression":       {aRoute, ".*Safari.*", "(Safari", "17: spec.rules[0].matches[0].headers[0].value"},
		"filter":           {aRoute, "type: RequestMirror", "type: Mirror", "19: spec.rules[0].filters[0].type"},
		"other filter":     {aRoute, "type: RequestMirror", "type: URLRewrite", "its type is URLRewrite, but that field is missing"},
		"unknown filter":   {aRoute, "type: RequestMirror", "type: ExternalAuth", "ExternalAuth: not supported"},
		"no filter":        {aRoute, "type: RequestMirror", "type: Mirror", "\"Mirror\" is not a filter"},
		"twice":            {aReshape, "type: URLRewrite\n      urlRewrite", "type: RequestHeaderModifier\n      requestHeaderModifier: {remove: [b]}\n      urlRewrite", "RequestHeaderModifier given twice"},
		"two fields":       {aReshape, "      urlRewrite:", "      requestMirror: {backendRef: {name: a, port: 80}}\n      urlRewrite:", "the field of RequestMirror must not be set"},
		"prefix of what":   {aReshape, "type: PathPrefix", "type: Exact", "replacePrefixMatch needs exactly one match"},
		"path's field":     {aReshape, "replacePrefixMatch: /b", "replaceFullPath: /b", "want the field of its type"},
		"path's type":      {aReshape, "type: ReplacePrefixMatch", "type: Replace", "want one of ReplaceFullPath"},
		"header twice":     {aReshape, "[{name: a, value: b}]", "[{name: a, value: b}, {name: a, value: c}]", "a given twice"},
		"header's name":    {aReshape, "name: a,", "name: \"a b\",", "is not a name"},
		"redirect's code":  {aRedirect, "statusCode: 301", "statusCode: 200", "200 is none of 301"},
		"redirect's way":   {aRedirect, "scheme: https", "scheme: ftp", "want one of http, https"},
		"redirect's host":  {aRedirect, "hostname: a.test", "hostname: A", "11: spec.rules[0].filters[0].requestRedirect.hostname"},
		"redirect's port":  {aRedirect, "port: 8443", "port: 0", "port 0 is not in"},
		"and a backend":    {aRedirect, "  - filters:", "  - backendRefs: [{name: a, port: 80}]\n    filters:", "RequestRedirect and backendRefs exclude each other"},
		"percent":          {aRoute, "percent: 50", "percent: 150", "150 is not in 0-100"},
		"weight":           {aRoute, "weight: 90", "weight: -1", "28: spec.rules[0].backendRefs[0].weight"},
		"weight in words":  {aRoute, "weight: 90", "weight: ninety", "want a whole number"},
		"no port":          {aRoute, "      port: 8080\n      weight", "      weight", "spec.rules[0].backendRefs[0].port: missing"},
		"timeout":          {aRoute, "request: 2s", "request: 2sec", "30: spec.rules[0].timeouts.request"},
		"bare timeout":     {aRoute, "request: 2s", "request: 2", "want a string"},
		"longer try":       {aRoute, "backendRequest: 1s", "backendRequest: 3s", "longer than request"},
		"code":             {aRoute, "[503]", "[200]", "200 is not in 400-599"},
		"no rules":         {aRedirect, "rules:\n  - filters:\n    - type: RequestRedirect\n      requestRedirect:\n        statusCode: 301\n        scheme: https\n        hostname: a.test\n        port: 8443\n", "rules: []\n", "5: spec.rules: missing"},
		"two parents":      {aRoute, "  rules:", "  - {group: \"\", kind: Service, name: recommendation}\n  rules:", "12: spec.parentRefs[1]: the same parent twice: each needs"},
		"one section":      {aRoute, "  rules:", "  - {group: \"\", kind: Service, name: recommendation, port: 8080}\n  rules:", "with the same sectionName and port"},
		"section":          {aRoute, "port: 8080\n  rules", "sectionName: A\n  rules", "11: spec.parentRefs[0].sectionName"},
		"characters":       {aReshape, "value: /a}", "value: \"/a b\"}", "a path has letters, digits"},
		"long path":        {aReshape, "value: /a}", "value: /" + strings.Repeat("a", 1024) + "}", "1025 are more than 1024"},
		"long name":        {aReshape, "name: a, value", "name: " + strings.Repeat("a", 257) + ", value", "is not a name"},
		"twice removed":    {aReshape, "remove: [c]", "remove: [c, c]", "c given twice"},
		"backend's filter": {aReshape, "name: a, port: 80", "name: a, port: 80, filters: [{type: URLRewrite, urlRewrite: {hostname: a.test}}]", "URLRewrite of one backend: not supported by the lab, nor by Istio"},
		"their prefix":     {aRoute, "      weight: 90", "      weight: 90\n      filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch}}}]", "want the field of its type"},
		"Hostname":         {aReshape, "name: a, port: 80", "kind: Hostname, group: networking.istio.io, namespace: b, name: a.b, port: 80", "is in no namespace"},
		"other backend":    {aReshape, "name: a, port: 80", "kind: Pool, group: x, name: a, port: 80", "Pool of group \"x\": not supported"},
		"session":          {aReshape, "  - matches", "  - sessionPersistence: {type: Header, cookieConfig: {}}\n    matches", "only for type Cookie"},
		"lifetime":         {aReshape, "  - matches", "  - sessionPersistence: {cookieConfig: {lifetimeType: Permanent}}\n    matches", "the cookie is Permanent"},
		"default gateways": {aReshape, "  rules", "  useDefaultGateways: Some\n  rules", "want one of All, None"},
		"whose routes":     {aGateway, "HTTP\n", "HTTP\n    allowedRoutes: {namespaces: {from: Some}}\n", "want one of All, Selector, Same"},
		"no grant":         {aGrant, "from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: a}]", "from: []", "spec.from: missing"},
		"grant's kind":     {aGrant, "kind: Service, ", "", "spec.to[0].kind: missing"},
		"grant's place":    {aGrant, ", namespace: a}]", "}]", "spec.from[0].namespace: missing"},
		"class":            {aGateway, "Name: istio", "Name: istio-waypoint", "6: spec.gatewayClassName"},
		"listener's port":  {aGateway, "port: 80", "port: 80000", "9: spec.listeners[0].port"},
		"protocol":         {aGateway, "protocol: HTTP", "protocol: TCP", "TCP: not supported by the lab"},
		"no listener":      {aGateway, "listeners:\n  - name: http\n    port: 80\n    protocol: HTTP", "listeners: []", "missing"},
		"listener's field": {aGateway, "protocol: HTTP", "proto: HTTP", "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mutant := strings.Replace(c.file, c.old, c.now, 1)
			if mutant == c.file {
				t.Fatalf("the file has no %q", c.old)
			}
			if err := parse(mutant); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../../../istiofiles/gateway-api/*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	f.Add(aRoute)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(_ *testing.T, text string) { _ = parse(text) })
}
