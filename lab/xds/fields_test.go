package xds_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"istio-tutorial/lab/labtest"
)

// policyOf is a DestinationRule of recommendation.
func policyOf(policy string) string {
	return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: recommendation}
spec: {host: recommendation, trafficPolicy: {` + policy + "}}\n"
}

// toRecommendationStat is a counter of preference's cluster of recommendation.
func (w *world) toRecommendationStat(name string) int {
	return w.proxy.stat(w.t,
		`cluster\.outbound\|8080\|\|recommendation.*@`+w.ns+`/preference.*;\.`+name+`$`)
}

// sameRoute goes on with a route that has begun.
const sameRoute = "    route: [{destination: {host: recommendation}}]\n"

// TestCors answers the questions of browsers from the origins that the rule names, and no others.
func TestCors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", says("program"))
	w.mustPush(w.today(virtualService(toRecommendation + `    corsPolicy:
      allowOrigins: [{exact: "http://a.test"}, {regex: "http://.*\\.b\\.test"}]
      allowMethods: [GET, PUT]
      allowHeaders: [x-a]
      exposeHeaders: [x-b]
      maxAge: 24h
      allowCredentials: true
`)))
	for origin, allowed := range map[string]bool{
		"http://a.test": true, "http://www.b.test": true, "http://c.test": false,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, recommendation, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "PUT")
		resp, err := preference.client(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		got := fmt.Sprintf("%s|%s|%s|%s|%s", resp.Header.Get("Access-Control-Allow-Origin"),
			resp.Header.Get("Access-Control-Allow-Methods"), resp.Header.Get("Access-Control-Allow-Headers"),
			resp.Header.Get("Access-Control-Max-Age"), resp.Header.Get("Access-Control-Allow-Credentials"))
		want := origin + "|GET,PUT|x-a|86400|true"
		if !allowed {
			want = "||||"
		}
		if got != want || (string(body) == "program") == allowed {
			t.Errorf("%s: %s %q, want %s", origin, got, body, want)
		}
		a := w.get(preference, recommendation, "Origin: "+origin)
		if exposed := a.header.Get("Access-Control-Expose-Headers"); (exposed == "x-b") != allowed {
			t.Errorf("%s: exposes %q", origin, exposed)
		}
	}
}

// TestHostOfHeaders rewrites the host where a header of that name is set or added.
func TestHostOfHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, r.Host) })
	const plain = "    route: [{destination: {host: recommendation}}]\n"
	own := func(headers string) string {
		return "  - route: [{destination: {host: recommendation}, headers: {request: {" + headers + "}}}]\n"
	}
	for http, want := range map[string]string{
		"  - headers: {request: {add: {Host: a.test, x-lab: '1'}}}\n" + plain: "a.test",
		"  - headers: {request: {set: {':authority': b.test}}}\n" + plain:     "b.test",
		own("add: {host: c.test}"): "c.test",
		"  - headers: {request: {set: {host: d.test}}}\n    " + own("set: {host: c.test}")[4:]: "d.test",
	} {
		w.mustPush(w.today(virtualService(http)))
		if got := w.get(preference, recommendation).String(); got != "200 "+want {
			t.Errorf("%s\n%s, want %s", http, got, want)
		}
	}
	w.mustPush(w.today(virtualService(`  - route:
    - {weight: 50, destination: {host: recommendation}, headers: {request: {set: {host: e.test}}}}
    - {weight: 50, destination: {host: recommendation}}`)))
	if got := w.several(40, preference, recommendation); got["200 e.test"] == 0 ||
		got["200 e.test"]+got["200 recommendation:8080"] != 40 {
		t.Errorf("hosts of two destinations: %v", got)
	}
}

// TestPresence tells a header that is not there from one that is.
func TestPresence(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.mustPush(w.today(virtualService(`  - match: [{withoutHeaders: {end-user: {regex: "*"}}}]
    directResponse: {status: 403}
  - match: [{queryParams: {debug: {}}, method: {}, authority: {}, scheme: {}, uri: {}}]
    directResponse: {status: 418}
` + toRecommendation)))
	for _, c := range []struct {
		path, header string
		want         int
	}{
		{"", "x: y", 403}, {"", "end-user: jason", 200}, {"/?debug=1", "end-user: jason", 418},
	} {
		if a := w.get(preference, recommendation+c.path, c.header); a.status != c.want {
			t.Errorf("%q, %s: %s, want %d", c.path, c.header, a, c.want)
		}
	}
}

func TestDelegates(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	const child = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: child}
spec:
  http:
  - match: [{uri: {prefix: /a/b}}]
    directResponse: {status: 418, body: {string: b}}
  - directResponse: {status: 418, body: {string: a}}
`
	w.mustPush(w.today(virtualService("  - match: [{uri: {prefix: /a}}]\n    delegate: {name: child}\n"+
		"  - directResponse: {status: 418, body: {string: root}}"), child))
	for path, want := range map[string]string{"/a/b": "b", "/a/c": "a", "/x": "root"} {
		if got := w.get(preference, recommendation+path).String(); got != "418 "+want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestAnswersOfAllKinds(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.mustPush(w.today(virtualService("  - directResponse: {status: 200, body: {bytes: AP8=}}")))
	if got := w.get(preference, recommendation).body; got != "\x00\xff" {
		t.Errorf("bytes: %q", got)
	}
	w.mustPush(w.today(virtualService(
		"  - directResponse: {status: 200, body: {string: " + strings.Repeat("x", 90_000) + "}}")))
	if got := w.get(preference, recommendation).body; len(got) != 90_000 {
		t.Errorf("a long answer: %d bytes", len(got))
	}
	w.mustPush(w.today(virtualService(
		"  - fault: {abort: {grpcStatus: NOT_FOUND, percentage: {value: 100}}}\n" + sameRoute)))
	a := w.get(preference, recommendation, "content-type: application/grpc")
	if a.status != http.StatusOK || a.header.Get("grpc-status") != "5" {
		t.Errorf("an abort of gRPC: %s %v", a, a.header)
	}
	w.mustPush(w.today(virtualService("  - fault: {abort: {httpStatus: 403}}\n" + sameRoute)))
	if got := w.several(20, preference, recommendation); got["200 v1"]+got["200 v2"] != 20 {
		t.Errorf("an abort without percentage: %v", got)
	}
}

// TestUnusualHeaderName takes what HTTP does not allow, as Istio does; Envoy then sends nothing on.
func TestUnusualHeaderName(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.mustPush(w.today(virtualService("  - headers: {request: {set: {\"a b\": x}}}\n" + sameRoute)))
	if got := w.get(preference, recommendation).String(); got != "503 invalid header name: a b" {
		t.Error(got)
	}
}

// TestHTTP2Upgrade has the sidecars speak HTTP/2 to each other, and not to the program.
func TestHTTP2Upgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, r.Proto) })
	for policy, want := range map[string]int{
		"loadBalancer: {simple: RANDOM}": 0, "connectionPool: {http: {useClientProtocol: true}}": 0,
		"connectionPool: {http: {h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 9}}": 1,
	} {
		w.mustPush(w.today()) // counters begin anew
		w.mustPush(w.today(policyOf(policy)))
		before := w.toRecommendationStat("upstream_cx_http2_total")
		if got := w.get(preference, recommendation).String(); got != "200 HTTP/1.1" {
			t.Errorf("%s: %s", policy, got)
		}
		if got := w.toRecommendationStat("upstream_cx_http2_total") - before; min(max(got, 0), 1) != want {
			t.Errorf("%s: %d connections of HTTP/2", policy, got)
		}
	}
}

// TestConnectionsEnd closes those that are idle, and those that are old.
func TestConnectionsEnd(t *testing.T) {
	t.Parallel()
	for policy, stat := range map[string]string{
		"http: {idleTimeout: 50ms}": "upstream_cx_idle_timeout", "tcp: {idleTimeout: 50ms}": "upstream_cx_idle_timeout",
		"tcp: {maxConnectionDuration: 50ms}": "upstream_cx_max_duration_reached",
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w, preference, _, _ := chain(t)
			w.mustPush(w.today(policyOf("connectionPool: {" + policy + "}")))
			w.get(preference, recommendation)
			labtest.Until(t, func() error {
				if n := w.toRecommendationStat(stat); n == 0 {
					return fmt.Errorf("%s is 0", stat)
				}
				return nil
			})
		})
	}
}

// TestRetriesAtOnce has no limit of retries at the same time, unless a budget sets one.
func TestRetriesAtOnce(t *testing.T) {
	t.Parallel()
	const calls = 8 // more than Envoy's own three, and than the budget's one
	for policy, limited := range map[string]bool{
		"loadBalancer: {simple: RANDOM}": false, "retryBudget: {percent: 0, minRetryConcurrency: 1}": true,
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			preference := w.pod("preference-v1", says("p"))
			ctx, cancel := context.WithTimeout(t.Context(), labtest.Deadline/2)
			defer cancel()
			var asked atomic.Int64
			first, again := make(chan struct{}), make(chan struct{})
			w.pod("recommendation-v1", func(rw http.ResponseWriter, _ *http.Request) {
				switch n := asked.Add(1); {
				case n <= calls: // all are failed at once
					if n == calls {
						close(first)
					}
					wait(ctx, first)
					rw.WriteHeader(http.StatusServiceUnavailable)
				case n == 2*calls: // all were retried, and none was let go before
					close(again)
				default:
					wait(ctx, again)
				}
			})
			w.mustPush(w.today(policyOf(policy), virtualService(
				"  - retries: {attempts: 1, retryOn: 5xx}\n"+sameRoute)))
			done := make(chan struct{})
			client := preference.client(t)
			for range calls {
				go func() {
					_, _ = ask(ctx, client, recommendation)
					done <- struct{}{}
				}()
			}
			overflow := func() int { return w.toRecommendationStat("upstream_rq_retry_overflow") }
			if limited {
				labtest.Until(t, func() error {
					if overflow() == 0 {
						return fmt.Errorf("no retry was too many")
					}
					return nil
				})
				cancel()
			}
			for range calls {
				<-done
			}
			if n := overflow(); (n > 0) != limited || !limited && asked.Load() != 2*calls {
				t.Errorf("%d retries too many, %d asked", n, asked.Load())
			}
		})
	}
}

func wait(ctx context.Context, c <-chan struct{}) {
	select {
	case <-c:
	case <-ctx.Done():
	}
}

// TestLocalOrigin ejects who lets requests time out, counted apart from answers.
func TestLocalOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preference := w.pod("preference-v1", says("p"))
	w.pod("recommendation-v1", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.mustPush(w.today(policyOf("outlierDetection: {splitExternalLocalOriginErrors: true, "+
		"consecutiveLocalOriginFailures: 1, consecutive5xxErrors: 0, baseEjectionTime: 1h, maxEjectionPercent: 100}"),
		virtualService("  - timeout: 50ms\n    retries: {attempts: 0}\n"+sameRoute)))
	labtest.Until(t, func() error {
		w.get(preference, recommendation)
		const stat = `outlier_detection\.ejections_enforced_consecutive_local_origin_failure`
		if w.toRecommendationStat(stat) == 0 {
			return fmt.Errorf("nobody is ejected")
		}
		return nil
	})
}

// TestTaken has Envoy take what shows in its configuration alone.
func TestTaken(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	for _, policy := range []string{
		"loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 1s, aggression: 2, minimumPercent: 20}}",
		"loadBalancer: {warmupDurationSecs: 1s}", "loadBalancer: {localityLbSetting: {enabled: true}}",
		"connectionPool: {tcp: {tcpKeepalive: {probes: 3, time: 7200s, interval: 75s}}}",
	} {
		w.mustPush(w.today(policyOf(policy)))
		if got := w.several(4, preference, recommendation); got["200 v1"]+got["200 v2"] != 4 {
			t.Errorf("%s: %v", policy, got)
		}
	}
}

// TestKeepalive probes connections to hosts outside.
func TestKeepalive(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, outsideProxy(t))
	customer := w.pod("customer-v1", says("c"))
	w.mustPush(w.today("egress_httpbin.yml", `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: httpbin}
spec: {host: httpbin.org, trafficPolicy: {connectionPool: {tcp: {tcpKeepalive: {probes: 3, time: 7200s, interval: 75s}}}}}
`))
	if a := w.get(customer, "http://httpbin.org/headers"); a.status != http.StatusOK {
		t.Errorf("answer %s", a)
	}
}
