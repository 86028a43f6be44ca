package v1

import (
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// A host of a VirtualService may be one that nobody lists: neither a Service nor an entry has it, or
// only an entry's pattern. Istio makes it known to clients at port 80, if they call anything by HTTP
// there, and at the ports of other hosts of the rule. (It does so too for ports that a Service does not
// have, which nobody calls.)

// standardHTTP is the port at which any host may be routed.
const standardHTTP = 80

// stranger is a rule with such hosts, by their whole names.
type stranger struct {
	virtualService
	names []string
}

func (r *resolver) findStrangers() []stranger {
	var list []stranger
	for _, rule := range r.routes {
		s := stranger{virtualService: rule}
		for _, host := range rule.Spec.Hosts {
			if full := strings.ToLower(fullName(host, rule.Key.Namespace)); !r.isHost(full) {
				s.names = append(s.names, full)
			}
		}
		if len(s.names) > 0 && len(rule.Spec.Http) > 0 {
			list = append(list, s)
		}
	}
	return list
}

// unlisted are such hosts for a client that has others. Of several rules for one, the closest and
// oldest has it.
func (r *resolver) unlisted(c client, listed []plannedHost) []plannedHost {
	seen := slices.DeleteFunc(slices.Clone(r.strangers), func(s stranger) bool {
		return !c.boundTo(s.Spec.Gateways, s.Key.Namespace) || !c.sees(s.Key, s.Spec.ExportTo, s.Spec.Hosts, anyPort)
	})
	slices.SortStableFunc(seen, func(a, b stranger) int { return c.closeness(a.virtualService) - c.closeness(b.virtualService) })
	taken := map[string]bool{}
	var list []plannedHost
	for _, s := range seen {
		for _, port := range portsOf(s, listed) {
			routes := r.virtualService(c, s.virtualService, port)
			r.label(c, routes)
			for _, name := range s.names {
				if key := rules.At(name, port); len(routes) > 0 && !taken[key] {
					taken[key] = true
					vh := mesh.VirtualHost{Names: []string{name}, Port: port}
					list = append(list, plannedHost{VirtualHost: vh, host: name, routes: routes})
				}
			}
		}
	}
	return list
}

// portsOf are those at which a client reads requests, and knows the unlisted hosts of a rule.
func portsOf(s stranger, listed []plannedHost) []int {
	var ports []int
	for _, h := range listed {
		isUnread := slices.ContainsFunc(h.routes, func(r Route) bool { return r.Unread })
		if !isUnread && !slices.Contains(ports, h.Port) && (h.Port == standardHTTP || patternFor(s.virtualService, h.host) != "") {
			ports = append(ports, h.Port)
		}
	}
	slices.Sort(ports)
	return ports
}

// unlistedNote is about a host that no Service and no entry has.
func (i inspector) unlistedNote(r virtualService, n int) []rules.Finding {
	host := r.Spec.Hosts[n]
	full := strings.ToLower(fullName(host, r.Key.Namespace))
	text := "never acts for host %s: there is no %s"
	if len(r.Spec.Http) > 0 && i.isRead(func(string) bool { return true }) {
		if i.isRead(func(listed string) bool { return rules.Covers(listed, full) }) {
			return nil
		}
		text = "acts for host %s at port 80 alone: there is no %s"
	}
	return []rules.Finding{rules.Warn(rules.At("spec.hosts", n), "", text, host, fullName(host, r.Key.Namespace))}
}

// isRead reports whether a host of a kind is called by HTTP at port 80.
func (i inspector) isRead(is func(host string) bool) bool {
	return slices.ContainsFunc(i.topology.Services, func(s mesh.Service) bool {
		p, ok := s.Port(standardHTTP)
		return ok && p.Protocol != mesh.TCP && is(s.Host())
	}) || slices.ContainsFunc(i.topology.External, func(e mesh.ExternalHost) bool {
		return e.Port == standardHTTP && e.Protocol != mesh.TCP && is(e.Host)
	})
}

// isBelow reports whether only a pattern of an entry has a host.
func (i inspector) isBelow(host string) bool {
	return len(i.topology.ExternalAt(host)) == 0 && slices.ContainsFunc(i.topology.External, func(e mesh.ExternalHost) bool {
		return strings.HasPrefix(e.Host, "*") && rules.Covers(e.Host, host)
	})
}
