package daemon

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// counters are what the rules count of requests, in Prometheus' words. As in Istio, a server's
// sidecar counts, so that each hop counts once.
type counters struct {
	mu     sync.Mutex
	inMesh mesh.Mesh
	counts map[string]*tally // by the counter's name
}

// tally is the counts of one name.
type tally struct {
	since    time.Time // of no request that began earlier
	byLabels map[string]int
}

// follow counts from now on by another mesh; what it no longer counts is forgotten.
func (c *counters) follow(m mesh.Mesh, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inMesh = m
	kept := map[string]*tally{}
	for _, s := range m.Sidecars {
		for _, counter := range s.Inbound.Counters {
			t := c.counts[counter.Name]
			if t == nil {
				t = &tally{now.Truncate(time.Millisecond), map[string]int{}}
			}
			kept[counter.Name] = t
		}
	}
	c.counts = kept
}

// count takes a line of the access log.
func (c *counters) count(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.counts) == 0 {
		return
	}
	a, err := envoy.ParseAccess(line)
	if err != nil || a.Direction != envoy.Inbound {
		return
	}
	for _, counter := range c.of(a.Pod) {
		t := c.counts[counter.Name]
		if isFor(counter.Callers, a.Route) && !a.Time.Before(t.since) {
			t.byLabels[labelsOf(counter, a)]++
		}
	}
}

// of are the counters of the sidecar of NAMESPACE/POD.
func (c *counters) of(pod string) []mesh.Counter {
	for _, i := range c.inMesh.Instances {
		if i.Name.String() == pod {
			s, _ := c.inMesh.SidecarOf(i.Workload)
			return s.Inbound.Counters
		}
	}
	return nil
}

// isFor goes by the caller's workload; who is none of the mesh is one of the others.
func isFor(callers mesh.Callers, caller string) bool {
	if !strings.Contains(caller, "/") {
		return callers.Others
	}
	return slices.ContainsFunc(callers.Workloads, func(w mesh.Name) bool {
		return w.String() == caller
	})
}

// labelsOf is {name="value",...}.
func labelsOf(c mesh.Counter, a envoy.Access) string {
	var pairs []string
	for _, l := range c.Labels {
		pairs = append(pairs, l.Name+"="+quote(valueOf(l.Terms, a)))
	}
	if len(pairs) == 0 {
		return ""
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// quote escapes what Prometheus' text format asks to.
func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(value) + `"`
}

// valueOf is the first of the terms that the request has.
func valueOf(terms []mesh.Term, a envoy.Access) string {
	for _, t := range terms {
		switch t.Kind {
		case mesh.Literal:
			return t.Value
		case mesh.RequestHeader:
			if value := a.Headers[t.Value]; value != nil {
				return *value
			}
		case mesh.RequestPath:
			return a.Path
		case mesh.RequestMethod:
			return a.Method
		case mesh.ResponseCode:
			return strconv.Itoa(a.Status)
		}
	}
	return ""
}

// write is Prometheus' text format.
func (c *counters) write(w io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	help := map[string]string{}
	for _, s := range c.inMesh.Sidecars {
		for _, counter := range s.Inbound.Counters {
			help[counter.Name] = cmp.Or(help[counter.Name], counter.Help)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.counts)) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s counter\n", name, help[name], name)
		counts := c.counts[name].byLabels
		for _, labels := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(w, "%s%s %d\n", name, labels, counts[labels])
		}
	}
}
