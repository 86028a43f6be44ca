package daemon_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/daemon"
)

// BenchmarkTrafficCPU is what explaining a request costs, in microseconds of CPU: what this process and what Envoy
// compute more for it than in a lab that explains none. That holds on a busy machine, too.
func BenchmarkTrafficCPU(b *testing.B) {
	with := up(b)
	without := up(b, func(c *daemon.Config) { c.Unexplained = true })
	with.rate(b)
	without.rate(b)
	var here, proxy []float64
	for b.Loop() {
		for range 5 {
			a, x := with.cost(b)
			c, y := without.cost(b)
			here, proxy = append(here, a-c), append(proxy, x-y)
		}
	}
	slices.Sort(here)
	slices.Sort(proxy)
	b.ReportMetric(here[len(here)/2], "here-us/request")
	b.ReportMetric(proxy[len(proxy)/2], "envoy-us/request")
}

// cost is what this process and a lab's Envoy compute for a request, in microseconds.
func (l *lab) cost(b *testing.B) (here, proxy float64) {
	b.Helper()
	const requests = 2000 // of rate
	began, before := cpu(b), l.proxyCPU(b)
	l.rate(b)
	return us(cpu(b)-began) / requests, us(l.proxyCPU(b)-before) / requests
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// proxyCPU is what a lab's Envoy has computed, as the system counts it: in hundredths of a second.
func (l *lab) proxyCPU(b *testing.B) time.Duration {
	b.Helper()
	s, err := l.Status(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.Proxy.PID))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')'):]))
	sum := 0
	for _, f := range fields[12:14] { // utime, stime
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		sum += n
	}
	return time.Duration(sum) * 10 * time.Millisecond
}
