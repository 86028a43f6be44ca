package proxy

import (
	"sync"
	"time"

	"istio-tutorial/lab/envoy"
)

// ejections are what the proxy logged of pods that were ejected.
type ejections struct {
	mu  sync.Mutex
	all map[host]backoff
}

// host is a pod as the proxy of one of its callers has it.
type host struct{ cluster, address string }

// backoff is what decides for how long a pod is left out.
type backoff struct {
	healthy         []time.Duration // before each ejection, for how long it was there again
	since, returned time.Time
}

// Pods come and go, and one may be ejected again and again.
const (
	mostHosts     = 1000
	mostEjections = 50
)

func (e *ejections) take(line []byte) {
	one, err := envoy.ParseEjection(line)
	if err != nil || !one.Enforced && one.Action == "EJECT" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.all == nil || len(e.all) > mostHosts {
		e.all = map[host]backoff{}
	}
	key := host{one.Cluster, one.Address}
	b := e.all[key]
	if one.Action == "EJECT" {
		healthy := time.Duration(0)
		if !b.returned.IsZero() {
			healthy = one.Time.Sub(b.returned)
		}
		b.healthy, b.since = append(b.healthy, healthy), one.Time
		b.healthy = b.healthy[max(0, len(b.healthy)-mostEjections):]
	} else {
		b.returned = one.Time
	}
	e.all[key] = b
}

// outliers are how a cluster ejects.
type outliers struct {
	Base     string `json:"base_ejection_time"`
	Longest  string `json:"max_ejection_time"`
	Interval string `json:"interval"`
}

// Envoy's defaults.
const (
	baseEjection    = 30 * time.Second
	longestEjection = 300 * time.Second
	checkInterval   = 10 * time.Second
)

// until is when a pod may return, at the check after that: after the base time once more with each
// ejection, and once less with each check that finds it healthy.
func (o outliers) until(b backoff) time.Time {
	base, longest, interval := or(o.Base, baseEjection), or(o.Longest, longestEjection), or(o.Interval, checkInterval)
	times := 0
	for _, healthy := range b.healthy {
		times = max(0, times-int(healthy/interval)) + 1
	}
	return b.since.Add(min(base*time.Duration(times), max(base, longest)))
}

func or(text string, standard time.Duration) time.Duration {
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d
	}
	return standard
}
