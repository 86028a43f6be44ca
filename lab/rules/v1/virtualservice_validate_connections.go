package v1

import (
	"fmt"
	"net/netip"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

func (v *validator) connections(s *networking.VirtualService) {
	for i, r := range s.Tls {
		path := rules.At("spec.tls", i)
		v.Required(path+".match", r.Match)
		for j, m := range r.Match {
			field := rules.At(path+".match", j)
			v.connectionMatch(field, m)
			v.servers(field+".sniHosts", m.SniHosts, s)
		}
		v.connectionRoute(path+".route", r.Route)
	}
	for i, r := range s.Tcp {
		path := rules.At("spec.tcp", i)
		for j, m := range r.Match {
			field := rules.At(path+".match", j)
			v.connectionMatch(field, m)
			if m.SourceSubnet != "" {
				v.Warn(field+".sourceSubnet", "", "%s.sourceSubnet has no effect: Istio does not look at it", field)
			}
		}
		v.connectionRoute(path+".route", r.Route)
	}
}

func (v *validator) connectionMatch(path string, m connectionMatch) {
	for i, text := range m.GetDestinationSubnets() {
		if _, err := prefixOf(text); err != nil {
			v.Fail(rules.At(path+".destinationSubnets", i), "%s is neither an address nor a range of addresses", rules.Quote(text))
		}
	}
	if m.GetPort() != 0 {
		v.Port(path+".port", int(m.GetPort()))
	}
	v.labels(path+".sourceLabels", m.GetSourceLabels())
	v.gateways(path+".gateways", m.GetGateways())
}

// servers takes the names that a rule's own hosts cover.
func (v *validator) servers(path string, names []string, s *networking.VirtualService) {
	v.Required(path, names)
	for i, name := range names {
		field := rules.At(path, i)
		if _, err := netip.ParseAddr(name); err == nil {
			v.schemaWarning(field, fmt.Sprintf("using an IP address (%q) goes against SNI spec and most clients "+
				"do not support this", name))
			continue
		}
		if v.host(field, name) && !covered(name, s.Hosts) {
			v.Fail(field, "%q is none of the rule's hosts, and within none of them", name)
		}
	}
}

func covered(name string, hosts []string) bool {
	for _, host := range hosts {
		if rules.Covers(host, name) {
			return true
		}
	}
	return false
}

func (v *validator) connectionRoute(path string, list []*networking.RouteDestination) {
	v.Required(path, list)
	weights := make([]int32, len(list))
	for i, d := range list {
		weights[i] = d.Weight
		if v.Required(rules.At(path, i)+".destination", d.Destination) {
			v.destination(rules.At(path, i)+".destination", d.Destination)
		}
	}
	v.weights(path, weights)
}

// weights takes shares that are not all 0, and that Envoy can add up.
func (v *validator) weights(path string, list []int32) {
	var total int64
	for i, weight := range list {
		total += int64(weight)
		v.NotNegative(rules.At(path, i)+".weight", weight)
	}
	switch {
	case len(list) > 1 && total == 0:
		v.Fail(path, "the weights total 0")
	case total > 1<<32-1:
		v.Fail(path, "the weights total %d, which Envoy refuses", total)
	case len(list) > 1 && total != 100:
		v.Warn(path, "", "%s: the weights total %d, not 100: they are shares of that", path, total)
	}
}

// unreachableConnections warns of routes that no connection reaches, in istioctl's words.
func unreachableConnections[M proto.Message](v *validator, field string, routes [][]M) {
	type met struct {
		route int
		match M
	}
	var before []met
	everything := false
	for i, matches := range routes {
		path, repeated := rules.At(field, i), 0
		if len(matches) == 0 && everything {
			v.unusedAt(path, quotedOr("", i), "only the last rule can have no matches")
		}
		if len(matches) == 0 {
			everything = true
			continue
		}
		for j, m := range matches {
			if everything {
				v.unusedAt(path, quotedOr("", i), "route without matches defined before")
				continue
			}
			first := -1
			for _, b := range before {
				if proto.Equal(b.match, m) {
					first = b.route
					break
				}
			}
			if first < 0 {
				before = append(before, met{i, m})
				continue
			}
			repeated++
			v.ineffective(rules.At(path+".match", j), quotedOr("", i), quotedOr("", j), quotedOr("", first))
		}
		if repeated == len(matches) {
			v.unusedAt(path, quotedOr("", i), "all matches used by prior rules")
		}
	}
}
