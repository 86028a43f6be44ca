package xds

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
)

// lookupTime is for the name of a host whose port is a proxy's: no other holds up a build.
const lookupTime = time.Second

// comesBack reports whether a proxy that would lead a client's calls to an address, host:port, would have them
// back: a sidecar of the mesh listens there, or the ingress whose calls they are.
func (b *builder) comesBack(client mesh.Name, address string) bool {
	listeners := proxies(b.mesh.Instances)
	if client.Namespace == "" {
		listeners = append(listeners, b.cfg.Ingress)
	}
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(listeners, func(listener string) bool {
		_, at, err := net.SplitHostPort(listener)
		return err == nil && at == port
	}) && isHere(name)
}

// isHere reports whether a name or an address is one of this machine's loopback, where all proxies listen.
func isHere(name string) bool {
	addresses := []string{name}
	if _, err := netip.ParseAddr(name); err != nil && !mesh.IsLoopback(name) {
		ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
		defer cancel()
		addresses, _ = net.DefaultResolver.LookupHost(ctx, strings.TrimSuffix(name, ".")) // none: nobody is there
	}
	return slices.ContainsFunc(addresses, mesh.IsLoopback)
}
