package daemon

import (
	"context"
	"encoding/json"
	"fmt"

	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/envoy"
)

// ejected is a pod that proxies leave out for its errors.
type ejected struct {
	by           []string  // the workloads
	since, until time.Time // zero: not known
}

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

// ejected are the pods that proxies leave out, by their names.
func (l *lab) ejected(ctx context.Context) (map[string]ejected, error) {
	data, err := l.proxy.admin.Get(ctx, "/clusters", url.Values{"format": {"json"}})
	if err != nil {
		return nil, err
	}
	var all struct {
		Clusters []struct {
			Name  string
			Hosts []struct {
				Hostname string
				Address  envoy.Address
				Health   struct {
					Ejected bool `json:"failed_outlier_check"`
				} `json:"health_status"`
			} `json:"host_statuses"`
		} `json:"cluster_statuses"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("envoy: %w", err)
	}
	pods := map[string]ejected{}
	for _, c := range all.Clusters {
		_, caller, _ := strings.Cut(c.Name, "@")
		for _, h := range c.Hosts {
			if !h.Health.Ejected {
				continue
			}
			p := pods[h.Hostname]
			if by := l.workloadOf(caller); !slices.Contains(p.by, by) {
				p.by = append(p.by, by)
			}
			l.times(ctx, &p, host{c.Name, h.Address.String()})
			pods[h.Hostname] = p
		}
	}
	return pods, nil
}

// times adds since when a pod is ejected, and until when; of several callers, the last that is known
// to take it back.
func (l *lab) times(ctx context.Context, p *ejected, h host) {
	l.ejections.mu.Lock()
	b, ok := l.ejections.all[h]
	l.ejections.mu.Unlock()
	if !ok || !b.returned.Before(b.since) && !b.returned.IsZero() {
		return
	}
	if until := l.outliers(ctx, h.cluster).until(b); until.After(p.until) {
		p.since, p.until = b.since, until
	}
}

// outliers are how a cluster ejects, as the proxy has it; Envoy's defaults where it does not say.
func (l *lab) outliers(ctx context.Context, cluster string) outliers {
	data, err := l.proxy.admin.Get(ctx, "/config_dump", url.Values{
		"resource": {"dynamic_active_clusters"}, "name_regex": {"^" + regexp.QuoteMeta(cluster) + "$"},
	})
	var dump struct {
		Configs []struct {
			Cluster struct {
				Name     string
				Outliers outliers `json:"outlier_detection"`
			}
		}
	}
	if err != nil || json.Unmarshal(data, &dump) != nil {
		return outliers{}
	}
	for _, c := range dump.Configs {
		if c.Cluster.Name == cluster {
			return c.Cluster.Outliers
		}
	}
	return outliers{}
}
