package xds

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/cluster"
	"istio-tutorial/lab/xds/message"
	"istio-tutorial/lab/xds/naming"
)

// cluster is a cluster as one client sees it.
func (b *builder) cluster(client mesh.Name, u mesh.Upstream) {
	name, p := naming.Cluster(client, u.Cluster), u.Policy
	c := &clusterv3.Cluster{
		Name:             name,
		AltStatName:      naming.Stat(name),
		ConnectTimeout:   durationpb.New(p.ConnectTimeout),
		LbPolicy:         cluster.Balance(p.Balance),
		CircuitBreakers:  cluster.Breakers(p.Limits),
		OutlierDetection: cluster.Outlier(p.Outlier),
		CommonLbConfig: &clusterv3.Cluster_CommonLbConfig{
			HealthyPanicThreshold: &typev3.Percent{Value: float64(p.Panic)},
			// An ejection acts at once, also right after another change: Envoy would keep it for
			// up to a second, to merge it with more.
			UpdateMergeWindow: durationpb.New(0),
		},
	}
	cluster.ByHash(c, p.Hash)
	cluster.WarmUp(c, p.Warmup)
	cluster.Speak(&b.Packer, c, b.protocol(u.Cluster), p.Connections, cluster.Lives(p))
	if at := u.Cluster; p.Passthrough {
		c.LbPolicy, c.LbConfig = clusterv3.Cluster_RANDOM, nil
		b.locate(client, c, mesh.Cluster{Host: at.Host, Port: at.Port}, p.Connections.Keepalive)
	} else {
		b.locate(client, c, at, p.Connections.Keepalive)
	}
	b.encrypt(client, c, p.TLS)
	b.prove(client, c, u)
	b.introduce(c, p.ProxyProtocol)
	b.add(Clusters, name, c)
}

// protocol is what the port of a service or of an external host speaks.
func (b *builder) protocol(c mesh.Cluster) mesh.Protocol {
	if s, ok := b.mesh.ServiceAt(c.Host); ok {
		if port, ok := s.Port(c.Port); ok {
			return port.Protocol
		}
		return mesh.HTTP
	}
	if e, ok := b.mesh.ExternalPort(c); ok {
		return e.Protocol
	}
	return mesh.HTTP
}

// locate says where the hosts of a cluster are: those of a service come by the name of the
// cluster in the mesh, which all clients share. Connections to hosts outside alone are probed:
// those to services are no TCP here.
func (b *builder) locate(client mesh.Name, c *clusterv3.Cluster, in mesh.Cluster, keep *mesh.Keepalive) {
	if e, ok := b.mesh.ExternalPort(in); ok && e.Pods == nil {
		b.outside(client, c, e, in.Labels)
		cluster.KeepAlive(c, keep)
		return
	}
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS}
	c.EdsClusterConfig = &clusterv3.Cluster_EdsClusterConfig{EdsConfig: message.ADS(), ServiceName: in.Key()}
	var ready []*endpointv3.LbEndpoint
	for _, e := range b.mesh.Endpoints(in) {
		if e.Instance.Ready {
			ready = append(ready, b.mark(e, host(e.Instance.Name.Name, b.reach(e))))
		}
	}
	b.add(Endpoints, in.Key(), assignment(in.Key(), ready...))
}

// reach is where an endpoint takes calls: at its sidecar or, without one, at its program.
func (b *builder) reach(e mesh.Endpoint) *corev3.Address {
	if e.Instance.WithoutSidecar {
		return b.tcp(e.Address)
	}
	return pipe(b.socket(e), 0)
}

func assignment(name string, hosts ...*endpointv3.LbEndpoint) *endpointv3.ClusterLoadAssignment {
	a := &endpointv3.ClusterLoadAssignment{ClusterName: name}
	if len(hosts) > 0 {
		a.Endpoints = []*endpointv3.LocalityLbEndpoints{{LbEndpoints: hosts}}
	}
	return a
}

func host(name string, a *corev3.Address) *endpointv3.LbEndpoint {
	return &endpointv3.LbEndpoint{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
		Endpoint: &endpointv3.Endpoint{Hostname: name, Address: a},
	}}
}
