package gatewayapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules/gatewayapi"
)

func corsRoute(filter string) string {
	return routeOf("a", `{group: "", kind: Service, name: customer}`,
		"rules: [{filters: [{type: CORS, cors: {"+filter+"}}], backendRefs: [{name: customer, port: 8080}]}]")
}

func TestCors(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		"allowOrigins: ['https://a.test']":   "0 https://a.test 5s",
		"allowOrigins: ['*'], maxAge: 60":    `3 ^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$ 1m0s`,
		"allowOrigins: ['https://*.a.test']": `3 ^https://.*\.a\.test$ 5s`,
		"allowOrigins: ['https://*']":        "1 https:// 5s",
	} {
		r := gatewayapi.Resolve(load(t, corsRoute(filter)), topology()).Sidecars[0].Outbound.Hosts[0].Routes[0]
		origin := r.Cors.Origins[0]
		got := fmt.Sprintf("%d %s %s", origin.Compare, origin.Value, *r.Cors.MaxAge)
		if got != want || origin.Attribute != mesh.Header || r.Cors.Forward != false || *r.Cors.MaxAge < time.Second {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
	for filter, want := range map[string]string{
		"allowOrigins: ['*', 'https://a.test']": "allowOrigins: * stands alone",
		"allowOrigins: [a.test]":                `allowOrigins[0]: "a.test" is not an origin`,
		"allowMethods: [GO]":                    "allowMethods[0]",
		"allowMethods: [GET, '*']":              "allowMethods: * stands alone",
		"allowHeaders: ['a b']":                 `allowHeaders[0]: "a b" is not a name`,
		"exposeHeaders: [a, a]":                 "exposeHeaders[1]: a given twice",
		"maxAge: -1":                            "maxAge",
	} {
		if err := parse(corsRoute(filter)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", filter, err, want)
		}
	}
}
