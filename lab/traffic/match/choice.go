// Package match is what the rules of a proxy make of one request, as Envoy would: the virtual host and the
// route that act for it, what each other route wanted in its place, and which policies and limits of its
// server are about it. It says why in words. It knows the mesh and the proxy's log, and nothing that
// happened before or after.
package match

import (
	"cmp"
	"slices"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// Choice is what the mesh makes of a call.
type Choice struct {
	Out         mesh.Outbound
	Host        *mesh.VirtualHost // nil: the client knows no such host
	Index       int               // of the route in the host; -1: none matches
	Destination *mesh.Destination // nil: none was picked
	Upstream    *mesh.Upstream
	Asked       Asked
	ToTLS       mesh.Origin      // of what sends all who come in plain text to https
	Door        *mesh.SecureDoor // by which it came; nil: in plain text
	SNI         string           // the host that the connection was for; "": none
}

// Route is the one that acts; nil: none.
func (c Choice) Route() *mesh.Route {
	if c.Host == nil || c.Index < 0 {
		return nil
	}
	return &c.Host.Routes[c.Index]
}

// Entry is what a proxy's listeners and routes make of what it logged. What came encrypted has the hosts of
// the door that took it.
func Entry(out mesh.Outbound, e *envoy.Entry) Choice {
	door := doorOf(out, e)
	switch {
	case door != nil:
		out.Hosts = door.Routed
	case e.Insight.Door != "":
		out.Hosts = nil
	}
	c := choose(out, AskedOf(e), e.Route, e.Cluster)
	c.Door, c.SNI = door, e.Insight.SNI
	if c.Host != nil && c.Host.OnlyTLS != (mesh.Origin{}) {
		c.ToTLS, c.Index, c.Destination, c.Upstream = c.Host.OnlyTLS, -1, nil, nil
	}
	return c
}

// doorOf is the door at which the ingress took an encrypted connection; nil: it came in plain text, or the door
// is not there any more.
func doorOf(out mesh.Outbound, e *envoy.Entry) *mesh.SecureDoor {
	i := slices.IndexFunc(out.Secure, func(d mesh.SecureDoor) bool { return d.Name == e.Insight.Door })
	if i < 0 {
		return nil
	}
	return &out.Secure[i]
}

// TakesIn reports whether a door is for connections to a host; "": to one that the client did not name.
func TakesIn(d mesh.SecureDoor, sni string) bool {
	return virtualHost([]mesh.VirtualHost{{Names: d.Hosts}}, sni) >= 0
}

// choose finds the route that acts for a request of a client, and that of Envoy's name where the
// lab cannot tell; taken is the cluster that Envoy picked.
func choose(out mesh.Outbound, a Asked, name, taken string) Choice {
	host, route := Choose(out, a, func(r mesh.Route) bool { return r.From == name && leads(r, taken) })
	c := Choice{Out: out, Index: route, Asked: a}
	if host >= 0 {
		c.Host = &out.Hosts[host]
	}
	if route >= 0 {
		c.pick(taken)
	}
	return c
}

func (c *Choice) pick(taken string) {
	r := c.Route()
	for i := range r.Destinations {
		// Of a cluster that is not there, Envoy has no name.
		if isNamed(r.Destinations[i].Cluster, taken) || taken == "" && len(r.Destinations) == 1 {
			c.Destination = &r.Destinations[i]
		}
	}
	if c.Destination == nil {
		return
	}
	for i := range c.Out.Clusters {
		if c.Out.Clusters[i].Cluster.Is(c.Destination.Cluster) {
			c.Upstream = &c.Out.Clusters[i]
		}
	}
}

// Choose is the virtual host and the route of it that act for a request, by their places; -1 for
// none. Where a condition looks at what was not kept, acted has the last word.
func Choose(out mesh.Outbound, a Asked, acted func(mesh.Route) bool) (host, route int) {
	if host = virtualHost(out.Hosts, a.Host); host < 0 {
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

// Agrees reports whether the proxy did as the lab reads the rules.
func (c Choice) Agrees(e *envoy.Entry) bool {
	r := c.Route()
	if r == nil {
		return e.Route == "" || isReserved(e.Route)
	}
	return r.From == e.Route && leads(*r, e.Cluster)
}

// Names of routes that the lab has where the mesh has none: of one that lets no call out, and of one that lets
// all out.
const (
	BlockAll    = "block_all"
	Passthrough = "PassthroughCluster"
	itself      = "itself"
)

func isReserved(route string) bool {
	return route == BlockAll || route == Passthrough || route == itself
}

// IsDefault tells names of routes that no rule makes.
func IsDefault(from string) bool { return from == "default-route" || from == "default" || from == "" }

// Sends reports whether a rule sends all to https that come in plain text, as this call does.
func (c Choice) Sends() bool { return c.ToTLS != mesh.Origin{} }

// OtherDoor is the one that has a host, besides that by which the call came; nil: none.
func (c Choice) OtherDoor(host string) *mesh.SecureDoor {
	for i, d := range c.Out.Secure {
		if (c.Door == nil || d.Name != c.Door.Name) && virtualHost(d.Routed, host) >= 0 {
			return &c.Out.Secure[i]
		}
	}
	return nil
}

// Routes are those of the host that was called.
func (c Choice) Routes() []mesh.Route {
	if c.Host == nil {
		return nil
	}
	return c.Host.Routes
}

// Services are all pods of the host that was called, and of each host that a route of it leads to.
func (c Choice) Services() []mesh.Cluster {
	var list []mesh.Cluster
	for _, r := range c.Routes() {
		for _, d := range r.Destinations {
			service := mesh.Cluster{Host: d.Cluster.Host, Port: d.Cluster.Port}
			if !slices.ContainsFunc(list, service.Is) {
				list = append(list, service)
			}
		}
	}
	if name := c.inMesh(); name != "" && len(list) > 0 {
		own := mesh.Cluster{Host: name, Port: cmp.Or(c.Host.Port, list[0].Port)}
		list = append([]mesh.Cluster{own}, slices.DeleteFunc(list, own.Is)...)
	}
	return list
}

// Called is the host that was called, in short: of a service, also where its routes lead to others.
func (c Choice) Called() string {
	if list := c.Services(); len(list) > 0 {
		return ShortHost(list[0].Host)
	}
	return ""
}

// inMesh is the full name of the service that was called; "": it was called by a name of no service.
func (c Choice) inMesh() string {
	if c.Host == nil {
		return ""
	}
	i := slices.IndexFunc(c.Host.Names, func(n string) bool { return ShortHost(n) != n })
	if i < 0 {
		return ""
	}
	return c.Host.Names[i]
}

// Share is the part of the route's requests that the destination gets, in percent; 0: no route acts.
func (c Choice) Share() float64 {
	if r := c.Route(); r != nil {
		return share(r, c.Destination)
	}
	return 0
}

// Faults are those that may hit the call.
func (c Choice) Faults() []mesh.Fault {
	if c.Destination == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.Destination.Faults), func(f mesh.Fault) bool {
		return !c.Asked.MayMeet(f.When)
	})
}

// Delay is for how long a rule held back a call that took so many milliseconds. A busy Envoy's timer may end
// somewhat early: where the call took less than each delay, it was the shortest.
func (c Choice) Delay(millis float64) time.Duration {
	var shortest time.Duration
	for _, f := range c.Faults() {
		switch {
		case f.Delay == nil:
		case millis >= float64(f.Delay.Time.Milliseconds()):
			return f.Delay.Time
		case shortest == 0 || f.Delay.Time < shortest:
			shortest = f.Delay.Time
		}
	}
	return shortest
}

// Passed is a route that did not act: its rule and the part of it, where it would have led, and why.
type Passed struct{ From, Part, To, Why string }

// PassedOver are the routes before the one that acted, with the first condition that kept each
// from it, and those after it.
func (c Choice) PassedOver() []Passed {
	if c.Sends() {
		return nil
	}
	var list []Passed
	for i, r := range c.Routes() {
		why := ""
		switch {
		case i == c.Index:
			continue
		case c.Index < 0 || i < c.Index:
			why = c.Asked.Unmet(r.Match)
		case IsDefault(r.From):
			continue
		default:
			why = "an earlier route acts: " + c.Host.Routes[c.Index].From
		}
		list = append(list, Passed{From: r.From, Part: r.Part, To: Goals(r), Why: why})
	}
	return list
}
