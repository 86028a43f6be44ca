package onlab

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
)

// How the rows of `bin/lab top` and Envoy's counters belong together, by the workload that calls, or
// the ingress:
//
//   - all its calls are downstream_rq_completed of the listener that takes them;
//   - those that a rule aborts are aborts_injected;
//   - of those to a service, what was sent there is upstream_rq_total: each call, but for those that
//     the sidecar ended by itself; each further try; each mirrored copy;
//   - the further tries are upstream_rq_retry, the copies internal.upstream_rq_completed, and those for
//     which the circuit was full upstream_rq_pending_overflow.
//
// A service's rows are taken together: Envoy counts by subset, and a call that was tried at two versions
// stands in the row of the last.

// sums are counts by what they are of.
type sums map[string]int

func (s sums) add(n int, of ...string) { s[strings.Join(of, " ")] += n }

// since are the differences between what the lab and Envoy counted since an earlier tally.
func (t *tally) since(before *tally) []string {
	if !t.table.From.Equal(before.table.From) {
		return nil // rules came or went meanwhile: the lab begins to count anew, and Envoy does not
	}
	owners := map[string]string{lesson.Ingress: lesson.Ingress}
	for _, p := range t.table.Pods {
		owners[p.Name] = p.Workload
	}
	services := map[string]bool{}
	envoy := counted(t.stats, before.stats, owners, services)
	lab := rowsOf(t.table, services)
	for of, n := range rowsOf(before.table, services) {
		lab[of] -= n
	}
	atIngress := envoy[lesson.Ingress+" "+tokenRefused]
	maps.DeleteFunc(envoy, func(of string, _ int) bool { return strings.HasSuffix(of, tokenRefused) })
	was := badTokens(before.table, services)
	for service, n := range badTokens(t.table, services) {
		n = min(n-was[service], atIngress)
		atIngress -= n
		lab.add(-n, lesson.Ingress, service, "sent")
	}
	var list []string
	for _, of := range slices.Sorted(maps.Keys(joined(lab, envoy))) {
		if lab[of] != envoy[of] {
			list = append(list, fmt.Sprintf("%s: %d, Envoy %d", of, lab[of], envoy[of]))
		}
	}
	return list
}

// badTokens are the calls of the ingress that were refused for their tokens, by service: by the ingress
// itself, so that they were not sent, or by the sidecar that they were sent to. A row does not say by whom,
// and Envoy's jwt_authn.denied does.
func badTokens(t traffic.Table, services map[string]bool) sums {
	all := sums{}
	for _, r := range t.Rows {
		if n := r.Causes[cause.BadToken]; r.From == lesson.Ingress && n > 0 {
			all.add(n, serviceOf(r.To, services))
		}
	}
	return all
}

// tokenRefused is what that counter is of.
const tokenRefused = "token refused"

func joined(a, b sums) sums {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// own are the ends of calls that the caller's sidecar makes without asking anybody.
func own() []cause.Cause {
	return []cause.Cause{
		cause.Aborted, cause.CircuitFull, cause.NoPod, cause.Ejected, cause.NoCluster, cause.NoRoute,
		cause.NoHost, cause.OwnAddress, cause.RegistryOnly, cause.Redirected, cause.DirectAnswer,
	}
}

// rowsOf are the sums that a table says Envoy must have.
func rowsOf(t traffic.Table, services map[string]bool) sums {
	all := sums{}
	for _, r := range t.Rows {
		service := serviceOf(r.To, services)
		sent := r.Requests + r.Retries
		for _, c := range own() {
			sent -= r.Ended(c)
		}
		all.add(r.Requests, r.From, "calls")
		all.add(r.Causes[cause.Aborted], r.From, "aborted")
		all.add(sent, r.From, service, "sent")
		all.add(r.Retries, r.From, service, "tried again")
		all.add(r.Causes[cause.CircuitFull], r.From, service, "circuit full")
	}
	for _, c := range t.Copies {
		all.add(c.Requests, c.From, serviceOf(c.To, services), "sent")
		all.add(c.Requests, c.From, serviceOf(c.To, services), "copies")
	}
	return all
}

// version ends the name of a workload, of a version's own Service, or of a subset.
var version = regexp.MustCompile(`[ -]v\d+$`)

// serviceOf is the service that a row is about: that of the workload, or a host outside. One that no rule
// names is called by way of a cluster for all such.
func serviceOf(to string, services map[string]bool) string {
	name := version.ReplaceAllString(to, "")
	if !services[name] && services[passthrough] {
		return passthrough
	}
	return name
}

const passthrough = "PassthroughCluster"

// named takes a counter of Envoy apart: what it is of, whose it is, and its own name.
var named = regexp.MustCompile(`^(http|cluster)\.([^@]*)@(?:[^;/]*/)?([^;]*);\.(.*)$`)

// counted are by how much Envoy's counters rose, and the services that they are of. A counter that is
// smaller than it was has begun anew.
func counted(now, before []control.Stat, owners map[string]string, services map[string]bool) sums {
	was := map[string]int{}
	for _, s := range before {
		was[s.Name], _ = strconv.Atoi(s.Value) // they are counters
	}
	all := sums{}
	for _, s := range now {
		n, _ := strconv.Atoi(s.Value)
		if was[s.Name] <= n {
			n -= was[s.Name]
		}
		parts := named.FindStringSubmatch(s.Name)
		if parts == nil || owners[parts[3]] == "" || strings.HasPrefix(parts[2], "inbound") {
			continue
		}
		caller := owners[parts[3]]
		what := rowWords()[parts[4]]
		if parts[1] == "http" {
			all.add(n, caller, what)
			continue
		}
		host := parts[2][strings.LastIndex(parts[2], "|")+1:]
		name, _, isService := strings.Cut(host, "."+namespace+".svc.")
		if isService {
			name = version.ReplaceAllString(name, "")
		} else if caller == lesson.Ingress {
			continue // a connection that is passed on whole, in which nobody sees requests
		}
		services[name] = services[name] || n > 0
		all.add(n, caller, name, what)
	}
	return all
}

// rowWords are what Envoy's counters are of, in the words of rowsOf.
func rowWords() map[string]string {
	return map[string]string{
		"downstream_rq_completed":        "calls",
		"fault.aborts_injected":          "aborted",
		"jwt_authn.denied":               tokenRefused,
		"upstream_rq_total":              "sent",
		"upstream_rq_retry":              "tried again",
		"upstream_rq_pending_overflow":   "circuit full",
		"internal.upstream_rq_completed": "copies",
	}
}
