package xds

import (
	"cmp"
	"strconv"
	"strings"

	"istio-tutorial/lab/mesh"
)

// Istio names clusters and listeners by direction, port, subset and host; here the client follows
// after an @, as one Envoy holds those of all.

func outboundCluster(client mesh.Name, c mesh.Cluster) string {
	subset := cmp.Or(c.Subset, c.Labels.String())
	parts := []string{"outbound", strconv.Itoa(c.Port), subset, c.Host}
	return strings.Join(parts, "|") + at(client)
}

func outboundName(client mesh.Name) string { return "outbound" + at(client) }

func inboundName(server mesh.Name, port int) string {
	return "inbound|" + strconv.Itoa(port) + "||" + at(server)
}

func at(client mesh.Name) string { return "@" + short(client) }

// short is NAMESPACE/NAME, or just the name of the ingress.
func short(client mesh.Name) string { return strings.TrimPrefix(client.String(), "/") }

// statName marks the end of a name, as what follows it in a statistic has dots of its own.
func statName(name string) string { return name + ";" }

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
