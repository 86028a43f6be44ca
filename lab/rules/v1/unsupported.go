package v1

import (
	"regexp"
	"strings"
)

// unsupported are the fields that the lab does not do, by kind and by what fieldName makes of
// their paths.
func unsupported() map[string][]string {
	return map[string][]string{
		"ServiceEntry": {"endpoints[].serviceAccount"},
		"Sidecar":      {"ingress[].tls"},
		"AuthorizationPolicy": {
			"provider",
		},
		"RequestAuthentication": {"targetRef", "targetRefs"},
		"Gateway": {
			"servers[].tls.serverCertificate", "servers[].tls.privateKey", "servers[].tls.caCertificates",
			"servers[].tls.subjectAltNames", "servers[].tls.verifyCertificateSpki", "servers[].tls.verifyCertificateHash",
			"servers[].tls.minProtocolVersion", "servers[].tls.maxProtocolVersion", "servers[].tls.cipherSuites",
			"servers[].tls.credentialNames", "servers[].tls.caCertCredentialName", "servers[].tls.tlsCertificates",
			"servers[].tls.caCrl",
			"servers[].bind", "servers[].defaultEndpoint", "servers[].port.targetPort",
		},
		"EnvoyFilter": {"targetRefs"},
		"Telemetry": {
			"targetRef", "targetRefs", "tracing", "accessLogging",
			"metrics[].reportingInterval", "metrics[].overrides[].disabled",
		},
		"DestinationRule": {
			"tls.clientCertificate", "tls.privateKey", "tls.caCrl",
		},
	}
}

var (
	indices     = regexp.MustCompile(`\[\d+\]`)
	policyPlace = regexp.MustCompile(`^(subsets\[\]\.)?trafficPolicy\.(portLevelSettings\[\]\.)?`)
)

// fieldName is a path below spec without indices and, in a policy of a DestinationRule, without
// the place of the policy, which may be one of four.
func fieldName(path string) string {
	path = indices.ReplaceAllString(strings.TrimPrefix(path, "spec."), "[]")
	return policyPlace.ReplaceAllString(path, "")
}
