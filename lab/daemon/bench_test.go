package daemon_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/load"
	"istio-tutorial/lab/objects"
)

// BenchmarkApply changes one rule of a running lab, among one or 200; cpu-ms/op is what the lab,
// its client included and Envoy not, computes for it.
func BenchmarkApply(b *testing.B) {
	for _, edition := range []objects.Edition{objects.Classic, objects.V1} {
		for _, rules := range []int{1, 200} {
			b.Run(fmt.Sprintf("%s/%d", edition, rules), func(b *testing.B) {
				benchmarkApply(b, edition, rules)
			})
		}
	}
}

func benchmarkApply(b *testing.B, edition objects.Edition, rules int) {
	l := up(b, func(c *daemon.Config) { c.Edition = edition })
	text, more := classicRule, classicOther
	if edition == objects.V1 {
		text, more = todaysRule, todaysOther
	}
	var others strings.Builder
	for i := range rules - 1 {
		fmt.Fprintf(&others, more+"---\n", i, i)
	}
	if rules > 1 {
		if _, err := l.text(objects.Create, b.Context(), others.String()); err != nil {
			b.Fatal(err)
		}
	}
	before := cpu(b)
	for i := 0; b.Loop(); i++ {
		share := 10 + i%2
		if _, err := l.text(objects.Apply, b.Context(), fmt.Sprintf(text, share, 100-share)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(time.Millisecond)/float64(b.N), "cpu-ms/op")
}

const (
	classicRule = `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: changed}
spec:
  destination: {name: recommendation}
  precedence: 1
  route: [{labels: {version: v1}, weight: %d}, {labels: {version: v2}, weight: %d}]
`
	classicOther = `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: other-%d}
spec:
  destination: {name: recommendation}
  precedence: 2
  match: {request: {headers: {user-agent: {exact: agent-%d}}}}
  route: [{labels: {version: v2}}]
`
	todaysRule = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: changed}
spec:
  hosts: [recommendation]
  http:
  - route:
    - {destination: {host: recommendation}, weight: %d}
    - {destination: {host: preference}, weight: %d}
`
	todaysOther = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other-%d}
spec:
  hosts: [host-%d.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
`
)

// cpu is what this process has computed.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkTraffic loads two labs in turns, of which only one explains requests, and takes the
// median of the ratios of what they answer.
func BenchmarkTraffic(b *testing.B) {
	with := up(b)
	without := up(b, func(c *daemon.Config) { c.Unexplained = true })
	labtest.Ratio(b, "of-throughput", func() float64 { return with.rate(b) }, func() float64 { return without.rate(b) })
}

// rate is how many answers a second a lab gives to a few users.
func (l *lab) rate(b *testing.B) float64 {
	b.Helper()
	summary, err := load.Run(b.Context(), load.Config{URL: l.ingress, Users: 8, Requests: 250})
	if err != nil || summary.Failed > 0 {
		b.Fatalf("%d failed, %v", summary.Failed, err)
	}
	return float64(summary.Transactions) / summary.Elapsed.Seconds()
}
