package traffic

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"istio-tutorial/lab/mesh"
)

// choice is what the mesh of a version makes of a call.
type choice struct {
	out         mesh.Outbound
	host        *mesh.VirtualHost // nil: the client knows no such host
	index       int               // of the route in the host; -1: none matches
	destination *mesh.Destination // nil: none was picked
	upstream    *mesh.Upstream
	asked       Asked
	toTLS       mesh.Origin      // of what sends all who come in plain text to https
	door        *mesh.SecureDoor // by which it came; nil: in plain text
	sni         string           // the host that the connection was for; "": none
}

func (c choice) route() *mesh.Route {
	if c.host == nil || c.index < 0 {
		return nil
	}
	return &c.host.Routes[c.index]
}

// choose finds the route that acts for a request of a client, and that of Envoy's name where the
// lab cannot tell; taken is the cluster that Envoy picked.
func choose(out mesh.Outbound, a Asked, name, taken string) choice {
	host, route := Choose(out, a, func(r mesh.Route) bool { return r.From == name && leads(r, taken) })
	c := choice{out: out, index: route, asked: a}
	if host >= 0 {
		c.host = &out.Hosts[host]
	}
	if route >= 0 {
		c.pick(taken)
	}
	return c
}

func (c *choice) pick(taken string) {
	r := c.route()
	for i := range r.Destinations {
		// Of a cluster that is not there, Envoy has no name.
		if isNamed(r.Destinations[i].Cluster, taken) || taken == "" && len(r.Destinations) == 1 {
			c.destination = &r.Destinations[i]
		}
	}
	if c.destination == nil {
		return
	}
	for i := range c.out.Clusters {
		if c.out.Clusters[i].Cluster.Is(c.destination.Cluster) {
			c.upstream = &c.out.Clusters[i]
		}
	}
}

// Choose is the virtual host and the route of it that act for a request, by their places; -1 for
// none. Where a condition looks at what was not kept, acted has the last word.
func Choose(out mesh.Outbound, a Asked, acted func(mesh.Route) bool) (host, route int) {
	if host = hostOf(out.Hosts, a.Host); host < 0 {
		return -1, -1
	}
	for i, r := range out.Hosts[host].Routes {
		if v, _ := a.all(r.Match); v == met || v == unknown && acted(r) {
			return host, i
		}
	}
	return host, -1
}

func leads(r mesh.Route, taken string) bool {
	return len(r.Destinations) == 0 || taken == "" || slices.ContainsFunc(r.Destinations, func(d mesh.Destination) bool {
		return isNamed(d.Cluster, taken)
	})
}

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

// hostOf is the place of the virtual host of a host as it stands in a request; the earlier of two has a name.
// As in Envoy, a name itself goes before a pattern, and a longer pattern before a shorter one.
func hostOf(hosts []mesh.VirtualHost, asked string) int {
	host, number := splitPort(strings.ToLower(asked))
	best, rank := -1, 0
	for i := range hosts {
		for _, name := range hosts[i].Names {
			if r := closeness(strings.ToLower(name), hosts[i].Port, host, number); r > rank {
				best, rank = i, r
			}
		}
	}
	return best
}

// exactly is more than any length of a pattern.
const exactly = 1 << 20

// closeness is 0 where a name is not that of the host.
func closeness(name string, port int, host, number string) int {
	pattern := strings.HasPrefix(name, "*")
	switch {
	case name == "*" && port == 0:
		return 1
	case name != host && !pattern, !fitsPort(port, number):
		return 0
	case name == host && (port != 0 || number == ""):
		return exactly
	case name == host:
		return 2 + len(name) // a pattern of ports
	case len(name) > 1 && strings.HasSuffix(host, name[1:]) && len(host) >= len(name):
		return exactly/2 + len(name)
	}
	return 0
}

// splitPort parts a host from its port; "": it has none.
func splitPort(asked string) (host, number string) {
	if i := strings.LastIndex(asked, ":"); i > strings.LastIndex(asked, "]") {
		return asked[:i], asked[i+1:]
	}
	return asked, ""
}

// fitsPort reports whether a port is the one that was asked for: without one, it is 80.
func fitsPort(port int, number string) bool {
	return port == 0 || number == strconv.Itoa(port) || number == "" && port == 80
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

// passedOver are the routes before the one that acted, with the first condition that kept each
// from it, and those after it.
func (c choice) passedOver() []Miss {
	if c.host == nil || c.sends() {
		return nil
	}
	var list []Miss
	for i, r := range c.host.Routes {
		to := goals(r)
		switch {
		case i == c.index:
		case c.index >= 0 && i > c.index:
			if !isDefault(r.From) {
				list = append(list, Miss{Name: r.From, To: to, Why: "an earlier route acts: " + c.host.Routes[c.index].From})
			}
		default:
			_, condition := c.asked.all(r.Match)
			list = append(list, Miss{Name: r.From, To: to, Why: c.asked.why(condition)})
		}
	}
	return list
}

// goals are where a route leads, in short.
func goals(r mesh.Route) string {
	var list []string
	for _, d := range r.Destinations {
		text := shortHost(d.Cluster.Host)
		if s := subsetOf(d.Cluster); s != "" {
			text += " " + s
		}
		if len(r.Destinations) > 1 {
			text += fmt.Sprintf(" %g %%", share(&r, &d))
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// subsetOf is how a reader calls a cluster's pods: v2 of version=v2; "" for all of an app.
func subsetOf(c mesh.Cluster) string {
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

func shortHost(host string) string {
	if name, rest, ok := strings.Cut(host, "."); ok && strings.HasSuffix(rest, ".svc."+mesh.Domain) {
		return name
	}
	return host
}

// isDefault tells names of routes that no rule makes.
func isDefault(from string) bool { return from == "default-route" || from == "default" || from == "" }
