package v1

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// schema is that of a kind's specs, less what the lab does not do.
func schema(kind string) document.Schema {
	s, fields := published(), unsupported()[kind]
	s.Refused = func(path string) error {
		if slices.Contains(fields, fieldName(path)) {
			return rules.ErrUnsupported
		}
		return nil
	}
	return s
}

// published is the schema of specs as a cluster has it.
func published() document.Schema {
	return document.Schema{
		Refused: func(string) error { return nil },
		Shortest: func(path string) time.Duration {
			if strings.HasSuffix(path, "httpCookie.ttl") {
				return math.MinInt64 // hash looks at it
			}
			return time.Millisecond
		},
		Longest: rules.LongestDuration,
		Own:     []string{"mirror_percent"}, // the only one
	}
}

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
