package v1

import "istio-tutorial/lab/mesh"

// outboundDefaults are what Istio's proxies do with calls that leave them; of answers, sidecars say that they
// are from envoy, and the ingress that they are from istio-envoy.
func outboundDefaults(server string) mesh.ProxyDefaults {
	return mesh.ProxyDefaults{Server: server, Attempts: true, Deadlines: true, Continue: true}
}

// inboundDefaults are what Istio's sidecars do with calls that arrive.
func inboundDefaults() mesh.ProxyDefaults {
	return mesh.ProxyDefaults{Server: "istio-envoy", Deadlines: true, Continue: true, Resets: true}
}
