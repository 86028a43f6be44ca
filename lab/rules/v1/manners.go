package v1

import "istio-tutorial/lab/mesh"

// mannersOut are what Istio's proxies do with calls that leave them; of answers, sidecars say that they
// are from envoy, and the ingress that they are from istio-envoy.
func mannersOut(server string) mesh.Manners {
	return mesh.Manners{Server: server, Attempts: true, Deadlines: true, Continue: true}
}

// mannersIn are what Istio's sidecars do with calls that arrive.
func mannersIn() mesh.Manners {
	return mesh.Manners{Server: "istio-envoy", Deadlines: true, Continue: true, Resets: true}
}
