package convert

import (
	"fmt"
	"strings"

	"istio-tutorial/lab/mesh"
)

// egress opens hosts, and closes all others, as they were in 2018.
func (c *converter) egress() {
	closed := map[string]bool{}
	for _, hosts := range c.externalHosts() {
		e := hosts[0]
		name := c.nameOfEgress(e.Host)
		if strings.Contains(e.Host, "*") {
			c.refuse(name.Name, "%s: today a host is found by its whole name", e.Host)
		}
		c.serviceEntry(name, hosts)
		closed[name.Namespace] = true
	}
	for _, namespace := range sortedKeys(closed) {
		c.add(kind{networking, "Sidecar"}, mesh.Name{Namespace: namespace, Name: "default"},
			map[string]any{"outboundTrafficPolicy": map[string]any{"mode": "REGISTRY_ONLY"}},
			"Without this, today's Istio lets every call out. What is closed answers 502, not 404.")
	}
}

// externalHosts are the ports of each host together.
func (c *converter) externalHosts() [][]mesh.ExternalHost {
	var list [][]mesh.ExternalHost
	for _, e := range c.mesh.External {
		if n := len(list); n > 0 && list[n-1][0].Host == e.Host {
			list[n-1] = append(list[n-1], e)
		} else {
			list = append(list, []mesh.ExternalHost{e})
		}
	}
	return list
}

func (c *converter) serviceEntry(name mesh.Name, hosts []mesh.ExternalHost) {
	var ports, encrypted []any
	for _, e := range hosts {
		protocol := "HTTP"
		if e.Protocol == mesh.HTTP2 {
			protocol = "HTTP2"
		}
		ports = append(ports, map[string]any{
			"number": e.Port, "name": fmt.Sprintf("http-%d", e.Port), "protocol": protocol,
		})
		if e.TLS != nil {
			encrypted = append(encrypted, map[string]any{
				"port": map[string]any{"number": e.Port}, "tls": map[string]any{"mode": "SIMPLE"},
			})
		}
	}
	c.add(kind{networking, "ServiceEntry"}, name, map[string]any{
		"hosts": []string{hosts[0].Host}, "location": "MESH_EXTERNAL", "resolution": "DNS",
		"ports": ports,
	})
	if encrypted != nil {
		c.add(kind{networking, "DestinationRule"}, name, map[string]any{
			"host":          hosts[0].Host,
			"trafficPolicy": map[string]any{"portLevelSettings": encrypted},
		}, "Istio 0.7.1 checked no certificate; today's sidecar does.")
	}
}

// nameOfEgress is that of the rule which opens a host.
func (c *converter) nameOfEgress(host string) mesh.Name {
	for _, r := range c.set.Rules() {
		var rule struct {
			Spec struct{ Destination struct{ Service string } }
		}
		if r.Kind.Type == "egress-rule" && decode(r, &rule) == nil &&
			rule.Spec.Destination.Service == host {
			return mesh.Name{Namespace: r.Key.Namespace, Name: r.Key.Name}
		}
	}
	return mesh.Name{Namespace: "default", Name: strings.ReplaceAll(host, ".", "-")}
}
