package v1

// unsupported are the fields of a kind that the lab does not do, without indices.
func unsupported(kind string) map[string]bool {
	fields := map[string]bool{}
	for _, path := range unsupportedFields(kind) {
		fields["spec."+path] = true
	}
	if kind == destinationRuleKind {
		for _, path := range unsupportedPolicies() {
			fields["spec.trafficPolicy."+path] = true
			fields["spec.trafficPolicy.portLevelSettings[]."+path] = true
			fields["spec.subsets[].trafficPolicy."+path] = true
			fields["spec.subsets[].trafficPolicy.portLevelSettings[]."+path] = true
		}
	}
	return fields
}

func unsupportedFields(kind string) []string {
	switch kind {
	case virtualServiceKind:
		return []string{
			"tcp", "tls", "http[].delegate", "http[].corsPolicy",
			"http[].fault.abort.grpcStatus", "http[].fault.abort.http2Error",
			"http[].fault.delay.exponentialDelay", "http[].retries.retryRemoteLocalities",
			"http[].directResponse.body.bytes",
		}
	case serviceEntryKind:
		return []string{
			"addresses", "endpoints", "workloadSelector", "subjectAltNames",
		}
	case sidecarKind:
		return []string{
			"ingress", "inboundConnectionPool", "egress[].port", "egress[].bind",
			"egress[].captureMode", "outboundTrafficPolicy.egressProxy",
		}
	case authorizationPolicyKind:
		return []string{
			"targetRef", "targetRefs", "provider", "rules[].to", "rules[].when",
			"rules[].from[].source.requestPrincipals", "rules[].from[].source.notRequestPrincipals",
			"rules[].from[].source.ipBlocks", "rules[].from[].source.notIpBlocks",
			"rules[].from[].source.remoteIpBlocks", "rules[].from[].source.notRemoteIpBlocks",
		}
	case peerAuthenticationKind:
		return []string{"portLevelMtls"}
	case gatewayKind:
		return []string{
			"servers[].tls", "servers[].bind", "servers[].defaultEndpoint", "servers[].port.targetPort",
		}
	case envoyFilterKind:
		return []string{"targetRefs"}
	default:
		return []string{
			"targetRef", "targetRefs", "tracing", "accessLogging",
			"metrics[].reportingInterval", "metrics[].overrides[].disabled",
		}
	}
}

func unsupportedPolicies() []string {
	return []string{
		"tunnel", "proxyProtocol", "retryBudget", "loadBalancer.localityLbSetting",
		"loadBalancer.warmup", "loadBalancer.warmupDurationSecs",
		"connectionPool.tcp.tcpKeepalive", "connectionPool.tcp.idleTimeout",
		"connectionPool.tcp.maxConnectionDuration", "connectionPool.http.idleTimeout",
		"connectionPool.http.h2UpgradePolicy", "connectionPool.http.useClientProtocol",
		"outlierDetection.splitExternalLocalOriginErrors",
		"outlierDetection.consecutiveLocalOriginFailures",
		"tls.clientCertificate", "tls.privateKey", "tls.caCertificates", "tls.credentialName",
		"tls.subjectAltNames", "tls.caCrl",
	}
}
