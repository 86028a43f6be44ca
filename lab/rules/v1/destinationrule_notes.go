package v1

import (
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// certificateNotes are istioctl's about servers whose certificate no rule names an authority for.
// Istio takes the system's authorities then.
func certificateNotes(r destinationRule) []rules.Finding {
	const text = "DestinationRule %s in namespace %s has TLS mode set to %s but no caCertificates " +
		"are set to validate server identity for host: %s"
	var list []rules.Finding
	policy, key := r.Spec.GetTrafficPolicy(), r.Key
	lacks := func(t *networking.ClientTLSSettings) bool {
		return isOriginated(t) && t.CaCertificates == "" && (t.CredentialName == "" || r.Spec.WorkloadSelector == nil)
	}
	if t := policy.GetTls(); lacks(t) {
		list = append(list, rules.Warn("spec.trafficPolicy.tls", rules.NoAuthority, text,
			key.Path(), key.Namespace, t.Mode, r.Spec.Host))
	}
	for n, p := range policy.GetPortLevelSettings() {
		if lacks(p.GetTls()) {
			list = append(list, rules.Warn(rules.At("spec.trafficPolicy.portLevelSettings", n)+".tls",
				rules.NoPortAuthority, text+" at port number:%d",
				key.Path(), key.Namespace, p.Tls.Mode, r.Spec.Host, p.GetPort().GetNumber()))
		}
	}
	return list
}

// secretNotes are about Secrets by which sidecars are to call.
func (i inspector) secretNotes(r destinationRule) []rules.Finding {
	var list []rules.Finding
	look := func(path string, t *networking.ClientTLSSettings) {
		if !isOriginated(t) || t.CredentialName == "" {
			return
		}
		path += ".credentialName"
		if r.Spec.WorkloadSelector == nil {
			list = append(list, rules.Warn(path, "", "%s acts at gateways alone: without a workloadSelector "+
				"sidecars call in plain text", path))
			return
		}
		list = append(list, rules.Warn(path, "", "on a cluster %s acts only if the ServiceAccount of the pods may "+
			"list Secrets; the lab knows no such rights", path))
		if problem := i.clientSecretProblem(r.Key.Namespace, t); problem != "" {
			list = append(list, rules.Warn(path, "", "the Secret %s of %s is not usable: %s; calls end with 503",
				t.CredentialName, path, problem))
		}
	}
	eachTLS(r.Spec, look)
	return list
}

// eachTLS looks at what a rule says of TLS: of all calls, of single ports, and of subsets.
func eachTLS(spec *networking.DestinationRule, look func(path string, t *networking.ClientTLSSettings)) {
	policy := func(path string, p *networking.TrafficPolicy) {
		look(path+".tls", p.GetTls())
		for n, s := range p.GetPortLevelSettings() {
			look(rules.At(path+".portLevelSettings", n)+".tls", s.GetTls())
		}
	}
	policy("spec.trafficPolicy", spec.GetTrafficPolicy())
	for n, s := range spec.GetSubsets() {
		policy(rules.At("spec.subsets", n)+".trafficPolicy", s.GetTrafficPolicy())
	}
}

// clientSecretProblem is what is wrong with a Secret by which pods of a namespace are to call; "" if nothing is.
func (i inspector) clientSecretProblem(namespace string, t *networking.ClientTLSSettings) string {
	name, problem := mesh.Name{Namespace: namespace, Name: t.CredentialName}, ""
	if t.Mode == networking.ClientTLSSettings_MUTUAL {
		_, _, problem = CertificateOf(i.topology, name)
	}
	if problem == "" && !t.GetInsecureSkipVerify().GetValue() {
		if _, problem = AuthoritiesOf(i.topology, name); problem != "" && problem != NotFound {
			problem = "it has no authority of the server: key ca.crt"
		}
	}
	return problem
}
