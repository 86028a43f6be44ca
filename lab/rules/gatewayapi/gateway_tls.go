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
		case !isSecure(e.listener) || e.listener.TLS == nil:
		case e.listener.Protocol == gateway.TLSProtocolType:
			list = append(list, s.passing(e)...)
		default:
			door, problem := e.decrypting(set, t)
			if door.Problem, door.Closed = problem, problem != ""; !door.Closed {
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
	for _, r := range tlsRoutesOf(s.set) {
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

// decrypting is a door that ends the encryption, and why it stays closed, in the words of Istio's status; "" if
// it does not.
func (e edge) decrypting(set rules.Set, t mesh.Topology) (door mesh.SecureDoor, problem string) {
	door = e.door("")
	door.Hosts = []string{string(or(e.listener.Hostname, "*"))}
	for _, ref := range e.listener.TLS.CertificateRefs {
		name := e.named(ref.Namespace, ref.Name)
		if problem = e.certificate(set, t, ref, name); problem != "" {
			return door, problem
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
func (e edge) certificate(set rules.Set, t mesh.Topology, ref gateway.SecretObjectReference, name mesh.Name) string {
	shown := fmt.Sprintf("%s/%s/%s.%s", or(ref.Group, ""), or(ref.Kind, secretKind), ref.Name, or(ref.Namespace, ""))
	if or(ref.Group, "") != "" || or(ref.Kind, secretKind) != secretKind {
		return fmt.Sprintf("invalid certificate reference %s, only secret is allowed", shown)
	}
	switch _, _, problem := v1.CertificateOf(t, name); {
	case problem == v1.NotFound:
		return fmt.Sprintf("invalid certificate reference %s, secret %s not found", shown, name)
	case v1.IsLacking(problem):
		return fmt.Sprintf("invalid certificate reference %s, %s", shown, problem)
	case v1.IsRefused(problem):
		return fmt.Sprintf("invalid certificate reference %s: %s", shown, problem)
	case problem != "":
		return fmt.Sprintf("invalid certificate reference %s, the certificate is malformed: %s", shown, problem)
	case !e.granted(set, name):
		return fmt.Sprintf("certificateRef %s/%s not accessible to a Gateway in namespace %q (missing a ReferenceGrant?)",
			name.Name, name.Namespace, e.Key.Namespace)
	}
	return ""
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
func (e edge) clients(set rules.Set, t mesh.Topology, door *mesh.SecureDoor) string {
	shown := ""
	if f := e.frontend(); f != nil {
		if len(f.CACertificateRefs) > 1 {
			return "only one caCertificateRef is supported"
		}
		ref := f.CACertificateRefs[0] // the validator wants one
		name := e.named(ref.Namespace, ref.Name)
		if !e.granted(set, name) {
			return fmt.Sprintf("caCertificateRef %s/%s not accessible to a Gateway in namespace %q (missing a ReferenceGrant?)",
				name.Namespace, name.Name, e.Key.Namespace)
		}
		door.Authorities = v1.SecretName(name)
		shown = fmt.Sprintf(" %s/%s/%s.%s", ref.Group, ref.Kind, ref.Name, or(ref.Namespace, ""))
		if door.Clients == mesh.NoProof {
			door.Clients = mesh.MustProve
			if f.Mode == gateway.AllowInsecureFallback {
				door.Clients = mesh.MayClaim
			}
		}
	}
	if door.Clients == mesh.NoProof {
		return ""
	}
	name, _ := v1.CredentialName(door.Authorities)
	switch _, problem := v1.AuthoritiesOf(t, name); problem {
	case "":
		return ""
	case v1.NotFound:
		return fmt.Sprintf("invalid CA certificate reference%s, secret %s not found", shown, name)
	default:
		return fmt.Sprintf("invalid CA certificate reference%s, secret %s: %s", shown, name, problem)
	}
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
	invalid := 0
	for n, l := range g.Spec.Listeners {
		problem := ""
		switch {
		case !isSecure(l):
		case l.TLS == nil:
			problem = "there is no tls"
		case l.Protocol == gateway.HTTPSProtocolType:
			list = append(list, i.lapsed(edge{g, l, n})...)
			if _, problem = (edge{g, l, n}).decrypting(i.set, i.topology); problem != "" {
				invalid++
			}
		}
		if problem != "" {
			list = append(list, rules.Warn(rules.At("spec.listeners", n), "", "listener %s takes no connections: %s", l.Name, problem))
		}
	}
	if invalid == len(g.Spec.Listeners) {
		list = append(list, rules.Warn("", rules.Negative, "A condition with a negative status is present: "+
			"type=Accepted, reason=ListenersNotValid, message=None of the Gateway's listeners are valid."))
	}
	return list
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
