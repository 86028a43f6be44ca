package v1

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// isSecure reports whether a server takes encrypted connections.
func isSecure(s *networking.Server) bool {
	protocol := strings.ToUpper(s.GetPort().GetProtocol())
	return protocol == "HTTPS" || protocol == "TLS"
}

// secureDoors are those of Gateways, and of extensions. Of two for one host the first counts, so of one kind
// the older one: the lab serves all ports at one address.
func (r *resolver) secureDoors() []mesh.SecureDoor {
	doors := r.gatewayDoors()
	for _, e := range r.extensions {
		doors = append(doors, e.Doors(r.set, r.topology, r.call(ingress(), mesh.Service{}, 0))...)
	}
	var list []mesh.SecureDoor
	taken := map[string]bool{}
	for _, d := range doors {
		if d.Closed {
			list = append(list, d)
			continue
		}
		d.Hosts = slices.DeleteFunc(d.Hosts, func(h string) bool { return taken[h] })
		for _, h := range d.Hosts {
			taken[h] = true
		}
		if len(d.Hosts) > 0 {
			list = append(list, d)
		}
	}
	return list
}

func (r *resolver) gatewayDoors() []mesh.SecureDoor {
	var list []mesh.SecureDoor
	for _, g := range r.gateways {
		if !ingressLabels().Has(g.Spec.Selector) {
			continue
		}
		c := ingress()
		c.gateway = g.Key.Path()
		for i, s := range g.Spec.Servers {
			if !isSecure(s) {
				continue
			}
			for _, d := range r.doorsOf(c, g, s) {
				d.Name += "|" + strconv.Itoa(i)
				d.Origin = mesh.Origin{From: g.Key.String(), Field: rules.At("spec.servers", i)}
				d.Called = "server " + s.GetPort().GetName()
				list = append(list, d)
			}
		}
	}
	return list
}

// doorsOf are those of a server: one, if it decrypts, and else one for each route that leads
// connections on.
func (r *resolver) doorsOf(c client, g gateway, s *networking.Server) []mesh.SecureDoor {
	door := mesh.SecureDoor{Name: g.Key.Path(), Clients: clientProof(s.GetTls().GetMode())}
	if s.GetTls().GetMode() == networking.ServerTLSSettings_PASSTHROUGH {
		return r.passthroughDoors(c, g, s, door)
	}
	name := credentialOf(s)
	if secret, problem := r.credential(name, door.Clients); problem != "" {
		door.Problem = fmt.Sprintf("Secret %s: %s", secret, problem)
	}
	door.Secret = SecretName(name)
	if door.Clients != mesh.NoProof {
		door.Authorities = door.Secret
	}
	door.Hosts = withoutNamespaces(s.Hosts)
	found := map[string][]mesh.Route{}
	for _, rule := range r.routes {
		if !c.boundTo(rule.Spec.Gateways, rule.Key.Namespace) || !exported(rule.Key, rule.Spec.ExportTo, rootNamespace) {
			continue
		}
		routes := r.virtualService(c, rule, int(s.GetPort().GetNumber()))
		r.label(c, routes)
		for _, host := range commonHosts(g.Rule, s, rule) {
			for _, route := range routes {
				found[host] = append(found[host], route.Route)
			}
		}
	}
	for _, host := range sortedKeys(found) {
		slices.SortStableFunc(found[host], func(a, b mesh.Route) int { return min(len(b.Match), 1) - min(len(a.Match), 1) })
		door.Routed = append(door.Routed, mesh.VirtualHost{Names: []string{host}, Routes: found[host]})
	}
	return []mesh.SecureDoor{door}
}

// passthroughDoors are led on by the names that clients ask for.
func (r *resolver) passthroughDoors(c client, g gateway, s *networking.Server, door mesh.SecureDoor) []mesh.SecureDoor {
	var list []mesh.SecureDoor
	for _, rule := range r.routes {
		if !c.boundTo(rule.Spec.Gateways, rule.Key.Namespace) || !exported(rule.Key, rule.Spec.ExportTo, rootNamespace) {
			continue
		}
		for i, spec := range rule.Spec.Tls {
			route := r.connection(c, rule.Rule, i, spec.Route, int(s.GetPort().GetNumber()))
			for _, m := range spec.Match {
				if port := int(m.Port); port != 0 && port != int(s.GetPort().GetNumber()) {
					continue
				}
				one := door
				one.Name += "|" + rule.Key.Path() + "|" + strconv.Itoa(i) + "|" + strings.Join(m.SniHosts, ",")
				one.Through = route.Destinations
				for _, sni := range m.SniHosts {
					for _, server := range serverHosts(g.Rule, s, rule.Key.Namespace) {
						if host := rules.Narrower(server, sni); host != "" {
							one.Hosts = append(one.Hosts, host)
						}
					}
				}
				list = append(list, one)
			}
		}
	}
	return list
}

func withoutNamespaces(hosts []string) []string {
	var list []string
	for _, h := range hosts {
		if _, name, limited := strings.Cut(h, "/"); limited {
			h = name
		}
		if !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	return list
}

func clientProof(mode networking.ServerTLSSettings_TLSmode) mesh.ClientProof {
	switch mode {
	case networking.ServerTLSSettings_MUTUAL:
		return mesh.MustProve
	case networking.ServerTLSSettings_OPTIONAL_MUTUAL:
		return mesh.MayProve
	default:
		return mesh.NoProof
	}
}

// credentialOf is the Secret of a server. The ingress runs in Istio's own namespace, and reads no
// Secrets but those that are there.
func credentialOf(s *networking.Server) mesh.Name {
	return mesh.Name{Namespace: rootNamespace, Name: s.GetTls().GetCredentialName()}
}

// serverTLS takes what a server says of encryption.
func (v *validator) serverTLS(path string, s *networking.Server) {
	t := s.Tls
	if !isSecure(s) {
		if t != nil && (t.Mode != networking.ServerTLSSettings_PASSTHROUGH || t.CredentialName != "") {
			v.Fail(path, "a server of protocol %s has no tls but httpsRedirect", s.GetPort().GetProtocol())
		}
		return
	}
	if !v.Required(path, t) {
		return
	}
	isTLS := strings.EqualFold(s.GetPort().GetProtocol(), "TLS")
	switch t.Mode {
	case networking.ServerTLSSettings_PASSTHROUGH:
		if !isTLS {
			v.Fail(path+".mode", "PASSTHROUGH with protocol %s: %w; want protocol TLS, as nobody reads the requests then",
				strings.ToUpper(s.GetPort().GetProtocol()), rules.ErrUnsupported)
		}
	case networking.ServerTLSSettings_SIMPLE, networking.ServerTLSSettings_MUTUAL, networking.ServerTLSSettings_OPTIONAL_MUTUAL:
		v.Required(path+".credentialName", t.CredentialName)
		if isTLS {
			v.Fail(path+".mode", "%s with protocol TLS: %w", t.Mode, rules.ErrUnsupported)
		}
	default:
		v.Fail(path+".mode", "%s: %w", t.Mode, rules.ErrUnsupported)
	}
	if t.HttpsRedirect {
		v.Fail(path+".httpsRedirect", "only a server in plain text can redirect")
	}
}

// credentialNotes are about Secrets that are not there, or are no good.
func (i inspector) credentialNotes(g gateway) []rules.Finding {
	var list []rules.Finding
	for n, s := range g.Spec.Servers {
		if !isSecure(s) || s.GetTls().GetCredentialName() == "" {
			continue
		}
		at := rules.At("spec.servers", n) + ".tls.credentialName"
		list = append(list, i.lapsed(at, g, s)...)
		switch secret, problem := i.credential(credentialOf(s), clientProof(s.Tls.Mode)); {
		case problem == "":
		case problem == NotFound && secret == credentialOf(s):
			list = append(list, failed(at, rules.NotFound, "Referenced credentialName not found: %q", s.Tls.CredentialName))
		case IsRefused(problem):
			list = append(list, rules.Warn(at, "", "the certificate of Secret %s is not accepted: %s", secret, problem))
		default:
			list = append(list, i.invalid(at, g))
		}
	}
	return list
}

func (i inspector) invalid(at string, g gateway) rules.Finding {
	return failed(at, rules.BadCredential, "The credential referenced by the Gateway %s in namespace %s "+
		"is invalid, which can cause the traffic not to work as expected.", g.Key.Name, g.Key.Namespace)
}

// lapsed says of a server's certificate that it is not valid now: it is served all the same, as istiod only counts
// it. Of the authorities of its clients istioctl says nothing.
func (i inspector) lapsed(at string, g gateway, s *networking.Server) []rules.Finding {
	name := credentialOf(s)
	var list []rules.Finding
	if text := LapsedCertificate(i.topology, name); text != "" {
		list = append(list, i.invalid(at, g), rules.Warn(at, "", "the certificate of Secret %s %s: the ingress shows it "+
			"all the same, and clients refuse it", name, text))
	}
	if text := LapsedAuthorities(i.topology, name); text != "" && clientProof(s.Tls.Mode) != mesh.NoProof {
		list = append(list, rules.Warn(at, "", "the authority for clients of Secret %s %s: certificates of it are refused", name, text))
	}
	return list
}
