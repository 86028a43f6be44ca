package v1

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
)

// isOriginated reports whether proxies encrypt by certificates of a rule's own, and not by the mesh's.
func isOriginated(t *networking.ClientTLSSettings) bool {
	mode := t.GetMode()
	return mode == networking.ClientTLSSettings_SIMPLE || mode == networking.ClientTLSSettings_MUTUAL
}

// unreachableSecret reports whether a rule names a Secret that no sidecar gets: Istio gives them to
// gateways, and to the sidecars that a workloadSelector picks. To others the rule's whole tls is as
// if it were not there, and they call in plain text.
func unreachableSecret(c client, rule *policyRule, t *networking.ClientTLSSettings) bool {
	return t.CredentialName != "" && rule.selector == nil && !c.isIngress()
}

// isIngress tells the ingress from sidecars.
func (c client) isIngress() bool { return c.Name == ingress().Name }

// encryption is how calls of a host are encrypted. Which name the certificate must have, the rule may say, or else
// the host's entry; where neither does, it is the host's own, unless the rule has it called by another.
func (r *resolver) encryption(c client, t *networking.ClientTLSSettings, host string) *mesh.TLS {
	entry, _ := r.entryOf(host)
	tls := &mesh.TLS{
		SNI: t.Sni, Verify: !t.GetInsecureSkipVerify().GetValue(), Names: t.SubjectAltNames,
	}
	if len(tls.Names) == 0 {
		tls.Names = entry.Spec.GetSubjectAltNames()
	}
	if tls.SNI == "" && !strings.HasPrefix(host, "*") {
		tls.SNI = host
		if tls.Verify && len(tls.Names) == 0 {
			tls.Names = []string{host}
		}
	}
	if t.CredentialName == "" {
		return tls
	}
	secret := SecretName(mesh.Name{Namespace: c.Namespace, Name: t.CredentialName})
	if t.Mode == networking.ClientTLSSettings_MUTUAL {
		tls.Certificate = secret
	}
	if tls.Verify {
		tls.Authorities = secret
	}
	return tls
}

// secretsOfClients are those that proxies call by, as far as they are there and good: without one, Envoy
// lets no connection come about.
func secretsOfClients(m mesh.Mesh) []mesh.Secret {
	found := map[string]mesh.Secret{}
	for _, out := range append(outbounds(m.Sidecars), m.Gateway) {
		for _, u := range out.Clusters {
			t := u.Policy.TLS
			if t == nil {
				continue
			}
			if name, ok := CredentialName(t.Certificate); ok {
				s := found[t.Certificate]
				s.Chain, s.Key, _ = CertificateOf(m.Topology, name)
				found[t.Certificate] = s
			}
			if name, ok := CredentialName(t.Authorities); ok {
				s := found[t.Authorities]
				s.Roots, _ = AuthoritiesOf(m.Topology, name)
				found[t.Authorities] = s
			}
		}
	}
	var list []mesh.Secret
	for _, name := range sortedKeys(found) {
		s := found[name]
		s.Name = name
		list = append(list, s)
	}
	return list
}

func outbounds(sidecars []mesh.Sidecar) []mesh.Outbound {
	var list []mesh.Outbound
	for _, s := range sidecars {
		list = append(list, s.Outbound)
	}
	return list
}

// isSystem reports whether a file has the machine's own authorities: by Istio's word for them, or where
// the image of its proxy has them.
func isSystem(file string) bool {
	return file == systemAuthorities || file == "/etc/ssl/certs/ca-certificates.crt"
}
