package match

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"istio-tutorial/lab/mesh"
)

// isNamed reports whether a proxy's name of a cluster, outbound|PORT|SUBSET|HOST@CLIENT, is that of
// one of the mesh.
func isNamed(c mesh.Cluster, name string) bool {
	port, subset, host := parseCluster(name)
	return c.Port == port && c.Host == host && cmp.Or(c.Subset, c.Labels.String()) == subset
}

func parseCluster(name string) (port int, subset, host string) {
	name, _, _ = strings.Cut(name, "@")
	_, name, _ = strings.Cut(name, "|")
	number, name, _ := strings.Cut(name, "|")
	subset, host, ok := strings.Cut(name, "|")
	if !ok {
		return 0, "", ""
	}
	port, _ = strconv.Atoi(number) // or it is no name of a cluster
	return port, subset, host
}

// HostOf is the host in a proxy's name of a cluster; "": it has none, as those have that the lab makes for itself.
func HostOf(cluster string) string {
	_, _, host := parseCluster(cluster)
	return host
}

// share is the part of a route's requests that a destination gets, in percent.
func share(r *mesh.Route, d *mesh.Destination) float64 {
	sum := 0
	for _, one := range r.Destinations {
		sum += one.Weight
	}
	if sum == 0 || d == nil {
		return 0
	}
	return 100 * float64(d.Weight) / float64(sum)
}

// Goals are where a route leads, in short.
func Goals(r mesh.Route) string {
	var list []string
	for _, d := range r.Destinations {
		text := Called(d.Cluster)
		if len(r.Destinations) > 1 {
			text += fmt.Sprintf(" %g %%", share(&r, &d))
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// Subset is how a reader calls a cluster's pods: v2 of version=v2; "" for all of an app.
func Subset(c mesh.Cluster) string {
	if v := c.Labels["version"]; v != "" {
		return v
	}
	if c.Subset != "" {
		return c.Subset
	}
	labels := maps.Clone(c.Labels)
	delete(labels, "app")
	return labels.String()
}

// Called is how a reader calls a cluster: "recommendation v2".
func Called(c mesh.Cluster) string {
	return strings.TrimSpace(ShortHost(c.Host) + " " + Subset(c))
}

// ShortHost is the name alone of a service in the mesh, and any other host as it stands.
func ShortHost(host string) string {
	if name, rest, ok := strings.Cut(host, "."); ok && strings.HasSuffix(rest, ".svc."+mesh.Domain) {
		return name
	}
	return host
}
