package xds_test

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// fields are rules with fields that no file of the tutorial has.
func fields() map[string]string {
	const cors = "    corsPolicy: {allowOrigins: [{prefix: http://a}], allowMethods: [PUT], maxAge: 1h, " +
		"unmatchedPreflights: IGNORE}\n"
	return map[string]string{
		"cors":      virtualService(toRecommendation + cors),
		"cors-tea":  virtualService("  - directResponse: {status: 418}\n" + cors),
		"grpc":      virtualService("  - fault: {abort: {grpcStatus: NOT_FOUND, percentage: {value: 1}}}\n" + sameRoute),
		"bytes":     virtualService("  - directResponse: {status: 200, body: {bytes: AP8=}}"),
		"presence":  virtualService("  - match: [{withoutHeaders: {a: {regex: \"*\"}}, method: {}, queryParams: {q: {}}, uri: {}}]\n" + sameRoute),
		"host":      virtualService("  - headers: {request: {add: {Host: a.test}}}\n" + sameRoute),
		"pool":      policyOf("connectionPool: {tcp: {maxConnections: 5, maxConnectionDuration: 2s, idleTimeout: 3s}, http: {maxRetries: 6, h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 7}}"),
		"client":    policyOf("connectionPool: {http: {useClientProtocol: true, idleTimeout: 4s}}, retryBudget: {percent: 25}"),
		"warmup":    policyOf("loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 30s, aggression: 2}}"),
		"warmup-lr": policyOf("loadBalancer: {warmupDurationSecs: 30s}"),
		"plain":     policyOf("tls: {mode: DISABLE}"),
		"address":   policyOf("loadBalancer: {simple: PASSTHROUGH}"),
		"proxy":     plainHost + "---\n" + hostPolicy("plain.test", "proxyProtocol: {version: V2}"),
		"tls":       hostsWithTLS + "---\n" + tlsRoutes("  - match: [{sniHosts: [a.test]}]\n    route: [{destination: {host: a.test}, weight: 75}, {destination: {host: b.test}, weight: 25}]\n"),
		"tunnel":    hostsWithTLS + "---\n" + hostPolicy("a.test", "tunnel: {targetHost: b.test, targetPort: 80}"),
		"limit":     strings.Replace(pathTokens, "istio-system", "istio-tutorial", 1),
		"outlier":   policyOf("outlierDetection: {splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 3}"),
	}
}

// TestGoldenFields holds the configuration that each of the fields leads to.
func TestGoldenFields(t *testing.T) {
	t.Parallel()
	mesh := func(text string) map[string]any {
		docs, err := document.Parse("rules.yml", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := v1.Parse(docs, "istio-tutorial")
		if err != nil {
			t.Fatal(err)
		}
		return configuration(t, v1.Resolve(rules.Set{}.Apply(loaded...), tutorial()))
	}
	plain := mesh("")
	var names []string
	for name, text := range fields() {
		names = append(names, name)
		ruled := mesh(text)
		maps.DeleteFunc(ruled, func(part string, value any) bool {
			return reflect.DeepEqual(plain[part], value) || strings.Contains(part, "@ingress")
		})
		golden(t, "v1-fields/"+name, ruled)
	}
	orphans(t, "v1-fields", names)
}
