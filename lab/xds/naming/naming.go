// Package naming has Istio's names of clusters and listeners, by direction, port, subset and host, as the lab's Envoy
// knows them: the client follows after an @, as one Envoy holds those of all. It reads statistics by them.
package naming

import (
	"cmp"
	"strconv"
	"strings"

	"istio-tutorial/lab/mesh"
)

// Cluster is the name of a cluster as one client has it: outbound|PORT|SUBSET|HOST@CLIENT.
func Cluster(client mesh.Name, c mesh.Cluster) string {
	subset := cmp.Or(c.Subset, c.Labels.String())
	parts := []string{"outbound", strconv.Itoa(c.Port), subset, c.Host}
	return strings.Join(parts, "|") + At(client)
}

// Outbound is the name of the listener, and of the routes, for calls of a client.
func Outbound(client mesh.Name) string { return "outbound" + At(client) }

// Inbound is the name of the listener, the routes and the cluster of the program at a port of an instance.
func Inbound(server mesh.Name, port int) string {
	return "inbound|" + strconv.Itoa(port) + "||" + At(server)
}

// At ends a name that is one client's.
func At(client mesh.Name) string { return "@" + Short(client) }

// Short is NAMESPACE/NAME, or just the name of the ingress.
func Short(client mesh.Name) string { return strings.TrimPrefix(client.String(), "/") }

// Stat marks the end of a name, as what follows it in a statistic has dots of its own.
func Stat(name string) string { return name + ";" }

// SplitStat tells which instance's proxy keeps a statistic, or that it is the ingress, and what
// Istio would call it: cluster.outbound|8080|version=v2|recommendation….upstream_rq_retry.
// False for those of Envoy as a whole.
func SplitStat(stat string) (client mesh.Name, name string, ok bool) {
	head, rest, found := strings.Cut(stat, "@")
	owner, tail, ended := strings.Cut(rest, ";")
	if !found || !ended {
		return mesh.Name{}, stat, false
	}
	namespace, pod, isPod := strings.Cut(owner, "/")
	if !isPod {
		namespace, pod = "", owner
	}
	return mesh.Name{Namespace: namespace, Name: pod}, head + tail, true
}
