package oncluster

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// settles is how long a change may take until it acts everywhere.
const settles = time.Minute

// unsettled are gauges of a proxy that are not 0 while a change does not act on all: what is new still warms,
// or what is old still serves the connections that it has. A listener's old part takes the first request of each of
// them as before, so nothing is asked until it is gone.
const unsettled = `^(listener_manager\.total_(filter_chains_draining|listeners_draining|listeners_warming)|cluster_manager\.warming_clusters)$`

// settle waits until every proxy of the namespace knows the pods of every Service, and has nothing old left.
func (g *Ground) settle(ctx context.Context) error {
	seen := false // what the namespace has need not be read again while only a proxy is waited for
	return again(ctx, settles, func() (string, error) {
		if !seen {
			if err := g.pods.look(ctx); err != nil {
				return "", err
			}
		}
		seen = true
		for _, one := range g.pods.seen.pods {
			if !one.proxied {
				continue
			}
			if what := g.pods.pending(ctx, one.name); what != "" {
				seen = !strings.HasPrefix(what, changed)
				return what, nil
			}
		}
		return "", nil
	})
}

// changed begins what is waited for when the pods may not be those that were seen.
const changed = "the pods change: "

// pending is what a proxy has not yet done.
func (p *pods) pending(ctx context.Context, pod string) string {
	what, err := p.old(ctx, pod)
	if err == nil && what == "" {
		what, err = p.stale(ctx, pod)
	}
	if err == nil && what == "" {
		if what, err = p.unlike(ctx, pod); what != "" {
			what = changed + what
		}
	}
	if err != nil {
		return changed + err.Error() // a pod may have gone meanwhile
	}
	return what
}

// old is what a proxy has still to begin or to end.
func (p *pods) old(ctx context.Context, pod string) (string, error) {
	gauges, err := p.stats(ctx, pod, unsettled)
	if err != nil {
		return "", err
	}
	for name, n := range gauges {
		if n > 0 {
			return fmt.Sprintf("the proxy of %s has %s %d", pod, name, n), nil
		}
	}
	return "", nil
}

// unlike is where a proxy has other pods of a Service than the cluster.
func (p *pods) unlike(ctx context.Context, pod string) (string, error) {
	known, err := p.known(ctx, pod)
	if err != nil {
		return "", err
	}
	for service, has := range known {
		want := slices.Sorted(slices.Values(p.seen.endpoints[service]))
		if got := slices.Sorted(slices.Values(has)); !slices.Equal(got, want) {
			return fmt.Sprintf("the proxy of %s calls %v for %s, not %v", pod, got, service, want), nil
		}
	}
	return "", nil
}

// host is a line that says how a host is in a cluster that is a whole Service of the namespace.
var host = regexp.MustCompile(`^outbound\|\d+\|\|([^.|]+)\.([^.]+)\.svc\.[^:]*::(\S+:\d+)::health_flags::(.*)$`)

// known are the addresses that a proxy has of each Service of the namespace.
func (p *pods) known(ctx context.Context, pod string) (map[string][]string, error) {
	known := map[string][]string{}
	err := p.ask(ctx, pod, "/clusters", func(line string) {
		service, ok := p.ground.serviceOf(line)
		if ok && known[service] == nil {
			known[service] = []string{}
		}
		if m := host.FindStringSubmatch(line); ok && m != nil && !strings.Contains(m[4], "failed_eds_health") {
			known[service] = append(known[service], m[3])
		}
	})
	return known, err
}

// wholeService is the begin of each line about one of those clusters.
var wholeService = regexp.MustCompile(`^outbound\|\d+\|\|([^.|]+)\.([^.]+)\.svc\.`)

// serviceOf is the Service of the namespace that a line is about.
func (g *Ground) serviceOf(line string) (string, bool) {
	m := wholeService.FindStringSubmatch(line)
	if m == nil || m[2] != g.Tools.Namespace || m[1] == gateway { // the gateway has ports that nobody calls
		return "", false
	}
	return m[1], true
}

// changing are the verbs that change what proxies do.
var changing = regexp.MustCompile(`\bbin/lab (?:apply|create|replace|delete|patch|set|scale|rollout|label|annotate)\b`)

// Settle waits until what a command has changed acts on every request.
func (p *place) Settle(ctx context.Context, command string) error {
	p.misbehaves = p.misbehaves || strings.Contains(command, "misbehave")
	if !changing.MatchString(command) {
		return nil
	}
	before := p.ground.pods.seen.generations
	err := p.ground.settle(ctx)
	p.noteSame(before, p.ground.pods.seen.generations)
	return err
}

// noteSame notes which routes a command has left as they were.
func (p *place) noteSame(before, after map[string]int64) {
	p.same = map[string]bool{}
	for name, generation := range after {
		p.same[name] = before[name] == generation
	}
}
