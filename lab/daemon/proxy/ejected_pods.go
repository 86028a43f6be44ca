package proxy

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

// Ejected is a pod that sidecars leave out for its errors.
type Ejected struct {
	By           []string  // the workloads
	Since, Until time.Time // zero: not known
}

// Ejected are the pods that sidecars leave out, by their names; workloadOf is the name of a sidecar's
// workload, given NAMESPACE/POD.
func (e *Envoy) Ejected(ctx context.Context, workloadOf func(pod string) string) (map[string]Ejected, error) {
	data, err := e.Admin.Get(ctx, "/clusters", url.Values{"format": {"json"}})
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
	pods := map[string]Ejected{}
	for _, c := range all.Clusters {
		_, caller, _ := strings.Cut(c.Name, "@")
		for _, h := range c.Hosts {
			if !h.Health.Ejected {
				continue
			}
			p := pods[h.Hostname]
			if by := workloadOf(caller); !slices.Contains(p.By, by) {
				p.By = append(p.By, by)
			}
			e.times(ctx, &p, host{c.Name, h.Address.String()})
			pods[h.Hostname] = p
		}
	}
	return pods, nil
}

// times adds since when a pod is ejected, and until when; of several callers, the last that is known
// to take it back.
func (e *Envoy) times(ctx context.Context, p *Ejected, h host) {
	e.ejections.mu.Lock()
	b, ok := e.ejections.all[h]
	e.ejections.mu.Unlock()
	if !ok || !b.returned.Before(b.since) && !b.returned.IsZero() {
		return
	}
	if until := e.outliers(ctx, h.cluster).until(b); until.After(p.Until) {
		p.Since, p.Until = b.since, until
	}
}

// outliers are how a cluster ejects, as the proxy has it; Envoy's defaults where it does not say.
func (e *Envoy) outliers(ctx context.Context, cluster string) outliers {
	data, err := e.Admin.Get(ctx, "/config_dump", url.Values{
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

// EjectedLately is Ejected, or its answer of a moment ago, for who asks again and again.
func (e *Envoy) EjectedLately(ctx context.Context, workloadOf func(pod string) string) (map[string]Ejected, error) {
	return e.lately.get(func() (map[string]Ejected, error) { return e.Ejected(ctx, workloadOf) })
}

// lately is an answer of the proxy that is asked for again and again: all its clusters are in it.
type lately struct {
	mu    sync.Mutex
	at    time.Time
	value map[string]Ejected
}

// fresh is for how long the answer is good.
const fresh = 500 * time.Millisecond

func (a *lately) get(ask func() (map[string]Ejected, error)) (map[string]Ejected, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.at) < fresh {
		return a.value, nil
	}
	value, err := ask()
	if err == nil {
		a.at, a.value = time.Now(), value
	}
	return value, err
}
