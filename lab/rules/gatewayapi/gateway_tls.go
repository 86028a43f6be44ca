package gatewayapi

import (
	"fmt"
	"maps"
	"slices"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	v1 "istio-tutorial/lab/rules/v1"
)

// isSecure reports whether a listener takes encrypted connections.
func isSecure(l gateway.Listener) bool {
	return l.Protocol == gateway.HTTPSProtocolType || l.Protocol == gateway.TLSProtocolType
}

// doors are where listeners take encrypted connections: one for each that decrypts, and one for each route
// that leads connections on. What lacks its certificate is closed: Istio takes such a listener away.
func doors(set rules.Set, t mesh.Topology, call v1.Call) []mesh.SecureDoor {
	s := scope{set: set, call: call, edge: true}
	var list []mesh.SecureDoor
	for _, e := range edges(set) {
		switch {
		case !isSecure(e.listener):
		case e.listener.Protocol == gateway.TLSProtocolType:
			list = append(list, s.passing(e)...)
		default:
			door, problem := e.decrypting(set, t)
			if door.Problem, door.Closed = problem.text, problem.text != ""; !door.Closed {
				door.Routed = s.hosts(e)
			}
			list = append(list, door)
		}
	}
	return list
}

// door is what all doors of a listener have.
func (e edge) door(more string) mesh.SecureDoor {
	return mesh.SecureDoor{
		Name:   e.Key.Path() + "|" + string(e.listener.Name) + more,
		Origin: mesh.Origin{From: e.Key.String(), Field: rules.At("spec.listeners", e.place)},
		Called: "listener " + string(e.listener.Name),
	}
}

// passing leads connections on, by the names that clients ask for.
func (s scope) passing(e edge) []mesh.SecureDoor {
	var list []mesh.SecureDoor
	for _, r := range slices.DeleteFunc(tlsRoutesOf(s.set), isBroken) {
		door := e.door("|" + r.Key.Path())
		door.Hosts = s.hostsAt(r, e)
		for _, rule := range r.Spec.Rules {
			door.Through = append(door.Through, s.destinations(r, rule.BackendRefs)...)
		}
		if len(door.Through) > 0 {
			list = append(list, door)
		}
	}
	return list
}

// The reasons of a listener whose references are wrong.
const (
	badCertificate = "InvalidCertificateRef"
	badAuthority   = "InvalidCACertificateRef"
	notPermitted   = "RefNotPermitted"
)

// decrypting is a door that ends the encryption, and why it stays closed; nothing if it does not.
func (e edge) decrypting(set rules.Set, t mesh.Topology) (door mesh.SecureDoor, found problem) {
	door = e.door("")
	door.Hosts = []string{string(or(e.listener.Hostname, "*"))}
	for _, ref := range e.listener.TLS.CertificateRefs {
		name := e.named(ref.Namespace, ref.Name)
		if found = e.certificate(set, t, ref, name); found.text != "" {
			return door, found
		}
		door.Secret = v1.SecretName(name)
	}
	if door.Clients = e.terminateMode(); door.Clients != mesh.NoProof {
		door.Authorities = door.Secret
	}
	return door, e.clients(set, t, &door)
}

// named is a Secret that a Gateway refers to; without a namespace, it is in the Gateway's.
func (e edge) named(namespace *gateway.Namespace, name gateway.ObjectName) mesh.Name {
	return mesh.Name{
		Namespace: string(or(namespace, gateway.Namespace(e.Key.Namespace))), Name: string(name),
	}
}

// certificate is what is wrong with a reference to one.
func (e edge) certificate(set rules.Set, t mesh.Topology, ref gateway.SecretObjectReference, name mesh.Name) problem {
	bad := func(more string, args ...any) problem {
		return problem{badCertificate, fmt.Sprintf("invalid certificate reference %s/%s/%s.%s", or(ref.Group, ""),
			or(ref.Kind, secretKind), ref.Name, or(ref.Namespace, "")) + fmt.Sprintf(more, args...)}
	}
	if or(ref.Group, "") != "" || or(ref.Kind, secretKind) != secretKind {
		return bad(", only secret is allowed")
	}
	switch _, _, wrong := v1.CertificateOf(t, name); {
	case wrong == v1.NotFound:
		return bad(", secret %s not found", name)
	case v1.IsLacking(wrong):
		return bad(", %s", wrong)
	case v1.IsRefused(wrong):
		return problem{"", bad(": %s", wrong).text}
	case wrong != "":
		return bad(", the certificate is malformed: %s", wrong)
	case !e.granted(set, name):
		return problem{notPermitted, fmt.Sprintf("certificateRef %s/%s not accessible to a Gateway in namespace %q "+
			"(missing a ReferenceGrant?)", name.Name, name.Namespace, e.Key.Namespace)}
	}
	return problem{}
}

// granted reports whether a Gateway may use a Secret.
func (e edge) granted(set rules.Set, secret mesh.Name) bool {
	return granted(set, reference{
		gatewayKind, e.Key.Namespace, "", secretKind, secret,
	})
}

// modeOption is where Istio has a listener ask clients for certificates, of the authorities of its own Secret.
const modeOption = "gateway.istio.io/tls-terminate-mode"

func (e edge) terminateMode() mesh.ClientProof {
	switch e.listener.TLS.Options[modeOption] {
	case "MUTUAL":
		return mesh.MustProve
	case "OPTIONAL_MUTUAL":
		return mesh.MayProve
	default:
		return mesh.NoProof
	}
}

// clients has a door ask its clients as the Gateway says, and is what is wrong with that.
func (e edge) clients(set rules.Set, t mesh.Topology, door *mesh.SecureDoor) problem {
	if f := e.frontend(); f != nil {
		found := e.authority(set, t, f)
		if found.text == "" {
			door.Authorities = v1.SecretName(e.authorityName(f))
			if door.Clients == mesh.NoProof {
				door.Clients = proofOf(f)
			}
		}
		return found
	}
	if door.Clients == mesh.NoProof {
		return problem{}
	}
	name, _ := v1.CredentialName(door.Authorities)
	if _, wrong := v1.AuthoritiesOf(t, name); wrong != "" {
		return problem{"", fmt.Sprintf("invalid CA certificate reference, secret %s: %s", name, wrong)}
	}
	return problem{}
}

func proofOf(f *gateway.FrontendTLSValidation) mesh.ClientProof {
	if f.Mode == gateway.AllowInsecureFallback {
		return mesh.MayClaim
	}
	return mesh.MustProve
}

// authorityName is the Secret of the authorities for clients; the validator wants one.
func (e edge) authorityName(f *gateway.FrontendTLSValidation) mesh.Name {
	return e.named(f.CACertificateRefs[0].Namespace, f.CACertificateRefs[0].Name)
}

// authority is what is wrong with the authorities for clients.
func (e edge) authority(set rules.Set, t mesh.Topology, f *gateway.FrontendTLSValidation) problem {
	if len(f.CACertificateRefs) > 1 {
		return problem{badAuthority, "only one caCertificateRef is supported"}
	}
	ref, name := f.CACertificateRefs[0], e.authorityName(f)
	shown := fmt.Sprintf("invalid CA certificate reference %s/%s/%s.%s, ", ref.Group, ref.Kind, ref.Name, or(ref.Namespace, ""))
	switch wrong := v1.AuthorityProblem(t, name); {
	case wrong == v1.NotFound:
		return problem{badAuthority, shown + fmt.Sprintf("secret %s not found", name)}
	case wrong != "":
		return problem{badAuthority, shown + wrong}
	case !e.granted(set, mesh.Name{Namespace: name.Namespace, Name: name.Name + "-cacert"}): // as Istio looks for it
		return problem{notPermitted, fmt.Sprintf("caCertificateRef %s/%s not accessible to a Gateway in namespace %q "+
			"(missing a ReferenceGrant?)", name.Namespace, name.Name, e.Key.Namespace)}
	}
	return problem{}
}

// frontend is what a Gateway says of the clients of a listener; nil if nothing.
func (e edge) frontend() *gateway.FrontendTLSValidation {
	if e.Spec.TLS == nil || e.Spec.TLS.Frontend == nil {
		return nil
	}
	for _, p := range e.Spec.TLS.Frontend.PerPort {
		if p.Port == e.listener.Port {
			return p.TLS.Validation
		}
	}
	return e.Spec.TLS.Frontend.Default.Validation
}

// closed says of each listener of a Gateway why it takes nobody in.
func (i inspector) closed(g gatewayRule) []rules.Finding {
	var list []rules.Finding
	for n, l := range g.Spec.Listeners {
		e, why := edge{g, l, n}, ""
		switch {
		case e.conflicts():
			why = rivalsText
		case isSecure(l) && l.TLS == nil:
			why = "there is no tls"
		case l.Protocol == gateway.HTTPSProtocolType:
			list = append(list, i.lapsed(e)...)
			why = i.problem(e).text
		}
		if why != "" {
			list = append(list, rules.Warn(rules.At("spec.listeners", n), "", "listener %s takes no connections: %s", l.Name, why))
		}
	}
	if len(i.invalid(g)) == len(g.Spec.Listeners) {
		list = append(list, negative("Accepted", notValid, noneValid))
	}
	return list
}

// negative is istioctl's finding of a condition.
func negative(kind, reason, message string) rules.Finding {
	return rules.Warn("", rules.Negative, "A condition with a negative status is present: type=%s, reason=%s, message=%s.",
		kind, reason, message)
}

// lapsed says of a listener's certificate, and of the authorities for its clients, that they are not valid now:
// both act all the same.
func (i inspector) lapsed(e edge) []rules.Finding {
	var list []rules.Finding
	door, _ := e.decrypting(i.set, i.topology)
	warn := func(what, of, text, comes string) {
		if name, _ := v1.CredentialName(of); text != "" {
			list = append(list, rules.Warn(rules.At("spec.listeners", e.place), "",
				"listener %s: the %s of Secret %s %s: %s", e.listener.Name, what, name, text, comes))
		}
	}
	name, _ := v1.CredentialName(door.Secret)
	warn("certificate", door.Secret, v1.LapsedCertificate(i.topology, name), "the ingress shows it all the same, and clients refuse it")
	if door.Clients != mesh.NoProof {
		name, _ = v1.CredentialName(door.Authorities)
		warn("authority for clients", door.Authorities, v1.LapsedAuthorities(i.topology, name), "certificates of it are refused")
	}
	return list
}

// unheardOptions are those of listeners that Istio does not look at.
func unheardOptions(g gatewayRule) []rules.Finding {
	var list []rules.Finding
	for n, l := range g.Spec.Listeners {
		for _, key := range slices.Sorted(maps.Keys(or(l.TLS, gateway.ListenerTLSConfig{}).Options)) {
			if key != modeOption {
				path := rules.At("spec.listeners", n) + ".tls.options"
				list = append(list, rules.Warn(path, "", "%s does nothing: Istio does not look at it", key))
			}
		}
	}
	return list
}
