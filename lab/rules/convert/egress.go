package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
)

// egress opens hosts, and closes all others, as they were in 2018.
func (c *converter) egress() {
	closed := map[string][]string{} // the rules that open hosts, by namespace
	for i := 0; i < len(c.mesh.External); {
		host := c.mesh.External[i].Host
		var ports []mesh.ExternalHost
		for ; i < len(c.mesh.External) && c.mesh.External[i].Host == host; i++ {
			ports = append(ports, c.mesh.External[i])
		}
		key := c.opening(host)
		c.serviceEntry(key, ports)
		closed[key.Namespace] = append(closed[key.Namespace], key.String())
	}
	for _, namespace := range slices.Sorted(maps.Keys(closed)) {
		name := mesh.Name{Namespace: namespace, Name: "default"}
		c.add(kind{networkingV1, "Sidecar"}, name, &networking.Sidecar{
			OutboundTrafficPolicy: &networking.OutboundTrafficPolicy{
				Mode: networking.OutboundTrafficPolicy_REGISTRY_ONLY,
			},
		}, closed[namespace],
			"Without this, today's Istio lets every call out. What is closed answers 502, not 404.")
	}
}

// opening is the first rule that opens a host, which alone does.
func (c *converter) opening(host string) rules.Key {
	list := c.set.Rules()
	i := slices.IndexFunc(list, func(r rules.Rule) bool {
		to, ok := classic.Destination(r)
		return ok && r.Kind.Kind == egressRule && to.Host == host
	})
	return list[i].Key
}

// serviceEntry opens the ports of one host.
func (c *converter) serviceEntry(key rules.Key, hosts []mesh.ExternalHost) {
	name, from := mesh.Name{Namespace: key.Namespace, Name: key.Name}, []string{key.String()}
	spec := &networking.ServiceEntry{
		Hosts:      []string{hosts[0].Host},
		Location:   networking.ServiceEntry_MESH_EXTERNAL,
		Resolution: networking.ServiceEntry_DNS,
	}
	if hosts[0].AsAsked {
		spec.Resolution = networking.ServiceEntry_NONE
		if !strings.HasPrefix(hosts[0].Host, "*.") {
			c.refuse(key.String(), "%s: a ServiceEntry takes whole names, and those such as *.example.com", hosts[0].Host)
		}
	}
	encrypted := &networking.TrafficPolicy{}
	for _, e := range hosts {
		port := uint32(e.Port)
		protocol := map[bool]string{true: "HTTP2", false: "HTTP"}[e.Protocol == mesh.HTTP2]
		spec.Ports = append(spec.Ports, &networking.ServicePort{
			Number: port, Name: fmt.Sprintf("http-%d", port), Protocol: protocol,
		})
		if e.TLS != nil {
			encrypted.PortLevelSettings = append(encrypted.PortLevelSettings,
				&networking.TrafficPolicy_PortTrafficPolicy{
					Port: &networking.PortSelector{Number: port},
					Tls:  &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_SIMPLE},
				})
		}
	}
	c.add(kind{networkingV1, "ServiceEntry"}, name, spec, from)
	if encrypted.PortLevelSettings != nil {
		c.add(kind{networkingV1, "DestinationRule"}, name, &networking.DestinationRule{
			Host: hosts[0].Host, TrafficPolicy: encrypted,
		}, from, "Istio 0.7.1 checked no certificate; today's sidecar does.")
	}
}
