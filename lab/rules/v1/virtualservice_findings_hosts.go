package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// spoken is what a port speaks, as far as it decides which routes are for it.
type spoken string

const (
	read      spoken = "HTTP"
	encrypted spoken = "TLS or HTTPS"
	unread    spoken = "TCP"
)

// hostNotes are about hosts for which a rule never acts.
func (i inspector) hostNotes(r virtualService) []rules.Finding {
	if !bound(r.Spec) {
		return i.edgeNotes(r)
	}
	var list []rules.Finding
	for n, host := range r.Spec.Hosts {
		full := fullName(host, r.Key.Namespace)
		if !i.isHost(full) {
			list = append(list, i.unlistedNote(r, n)...)
			continue
		}
		list = append(list, i.protocolNotes(r, n, i.spoken(full))...)
	}
	return append(list, i.subnetNotes(r)...)
}

// protocolNotes are about routes for what no port of the nth host speaks.
func (i inspector) protocolNotes(r virtualService, n int, ports []spoken) []rules.Finding {
	var list []rules.Finding
	for _, part := range []struct {
		routes int
		want   spoken
		text   string
	}{
		{len(r.Spec.Http), read, "never acts for host %s: no port of it is %s, so nobody reads what goes there"},
		{len(r.Spec.Tls), encrypted, "its tls routes never act for host %s: no port of it is %s"},
		{len(r.Spec.Tcp), unread, "its tcp routes never act for host %s: no port of it is %s"},
	} {
		if part.routes > 0 && len(ports) > 0 && !slices.Contains(ports, part.want) {
			list = append(list, rules.Warn(rules.At("spec.hosts", n), "", part.text, r.Spec.Hosts[n], part.want))
		}
	}
	return list
}

// spoken is what the ports of a host speak; nothing for a pattern.
func (i inspector) spoken(host string) []spoken {
	var list []spoken
	add := func(port int, protocol mesh.Protocol) {
		switch {
		case protocol != mesh.TCP:
			list = append(list, read)
		case i.isEncrypted(mesh.Cluster{Host: host, Port: port}):
			list = append(list, encrypted)
		default:
			list = append(list, unread)
		}
	}
	for _, e := range i.topology.ExternalAt(host) {
		add(e.Port, e.Protocol)
	}
	service, _ := i.topology.ServiceAt(host)
	for _, p := range service.Ports {
		add(p.Number, p.Protocol)
	}
	return list
}

// edgeNotes are about connections at the ingress, which serves HTTP, and leads on what it does not decrypt.
func (i inspector) edgeNotes(r virtualService) []rules.Finding {
	var list []rules.Finding
	passes := slices.ContainsFunc(i.gateways, func(g gateway) bool {
		return isBoundTo(r, g) && slices.ContainsFunc(g.Spec.Servers, func(s *networking.Server) bool {
			return s.GetTls().GetMode() == networking.ServerTLSSettings_PASSTHROUGH && isSecure(s)
		})
	})
	for n := range r.Spec.Tls {
		if !passes {
			list = append(list, rules.Warn(rules.At("spec.tls", n), "", "never acts: no server of its gateways has the mode PASSTHROUGH"))
		}
	}
	for n := range r.Spec.Tcp {
		list = append(list, rules.Warn(rules.At("spec.tcp", n), "", "never acts: the lab's ingress serves HTTP only"))
	}
	return list
}

// isBoundTo reports whether a rule is for a gateway.
func isBoundTo(r virtualService, g gateway) bool {
	return slices.ContainsFunc(r.Spec.Gateways, func(name string) bool {
		return fullGateway(name, r.Key.Namespace) == g.Key.Path()
	})
}

// subnetNotes are about addresses that no host of a rule is known to have.
func (i inspector) subnetNotes(r virtualService) []rules.Finding {
	var list []rules.Finding
	for _, m := range placedMatches(r.Spec) {
		connection, ok := m.match.(connectionMatch)
		if !ok || len(connection.GetDestinationSubnets()) == 0 ||
			slices.ContainsFunc(r.Spec.Hosts, func(host string) bool {
				_, ok := i.within(connection.GetDestinationSubnets(), fullName(host, r.Key.Namespace))
				return ok
			}) {
			continue
		}
		list = append(list, rules.Warn(m.path+".destinationSubnets", "", "never acts in the lab: no address within "+
			"is known for any host of the rule; the lab knows those that a ServiceEntry gives"))
	}
	return list
}

// placedMatch is a match and its field.
type placedMatch struct {
	path  string
	match interface{ GetGateways() []string }
}

func placedMatches(s *networking.VirtualService) []placedMatch {
	var list []placedMatch
	for i, http := range s.Http {
		for j, m := range http.Match {
			list = append(list, placedMatch{rules.At(rules.At("spec.http", i)+".match", j), m})
		}
	}
	for i, tls := range s.Tls {
		for j, m := range tls.Match {
			list = append(list, placedMatch{rules.At(rules.At("spec.tls", i)+".match", j), m})
		}
	}
	for i, tcp := range s.Tcp {
		for j, m := range tcp.Match {
			list = append(list, placedMatch{rules.At(rules.At("spec.tcp", i)+".match", j), m})
		}
	}
	return list
}

func tlsMatches(s *networking.VirtualService) [][]*networking.TLSMatchAttributes {
	var list [][]*networking.TLSMatchAttributes
	for _, r := range s.Tls {
		list = append(list, r.Match)
	}
	return list
}

func tcpMatches(s *networking.VirtualService) [][]*networking.L4MatchAttributes {
	var list [][]*networking.L4MatchAttributes
	for _, r := range s.Tcp {
		list = append(list, r.Match)
	}
	return list
}

// nowhereNotes are about matches for gateways that their rule is not for.
func nowhereNotes(r virtualService) []rules.Finding {
	if len(r.Spec.Hosts) == 0 {
		return nil // its root says which
	}
	gateways := func(list []string) []string {
		if len(list) == 0 {
			list = []string{meshGateway}
		}
		var full []string
		for _, name := range list {
			if name != meshGateway {
				name = fullGateway(name, r.Key.Namespace)
			}
			full = append(full, name)
		}
		return full
	}
	mine := gateways(r.Spec.Gateways)
	var list []rules.Finding
	for _, m := range placedMatches(r.Spec) {
		if names := m.match.GetGateways(); len(names) > 0 && !slices.ContainsFunc(gateways(names), func(g string) bool {
			return slices.Contains(mine, g)
		}) {
			list = append(list, rules.Warn(m.path+".gateways", "", "never acts: the rule itself is for %s alone",
				strings.Join(mine, ", ")))
		}
	}
	return list
}
