package oncluster

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"istio-tutorial/lab/cluster"
)

// way is how connections from outside reach a port of the gateway.
type way struct {
	address string // HOST:PORT
	forward *cluster.Forward
}

// reached is how long a machine may take that can be reached directly.
const reached = time.Second

// The ports of the gateway's Service.
const (
	plainPort = "80"
	tlsPort   = "443"
)

// openWays opens the ways to both ports of the gateway's Service: directly if this machine reaches it, and else by
// tunnels. The one for TLS has no listener before a page has made one.
func (g *Ground) openWays(ctx context.Context) error {
	g.closeWays()
	host, err := g.gatewayHost(ctx)
	if err != nil {
		return err
	}
	for port, w := range map[string]**way{plainPort: &g.way, tlsPort: &g.door} {
		if *w, err = g.openWay(ctx, host, port); err != nil {
			return fmt.Errorf("the way in: %w", err)
		}
	}
	g.Say("the way in is http://" + g.way.address + ", for TLS " + g.door.address)
	return nil
}

// gatewayHost is the address of the gateway's Service that this machine reaches, or "".
func (g *Ground) gatewayHost(ctx context.Context) (string, error) {
	const addresses = `{.spec.clusterIP}{range .status.loadBalancer.ingress[*]} {.ip}{.hostname}{end}`
	found, err := g.atGateway(ctx, "", "get", "service", gateway, "-o", "jsonpath="+addresses)
	if err != nil {
		return "", err
	}
	dialer := net.Dialer{Timeout: reached}
	for _, host := range strings.Fields(found) {
		if conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, plainPort)); err == nil {
			_ = conn.Close() // it was only to see
			return host, nil
		}
	}
	return "", nil
}

// openWay is the way to a port at an address, or a tunnel to it where there is no address.
func (g *Ground) openWay(ctx context.Context, host, port string) (*way, error) {
	if host != "" {
		return &way{address: net.JoinHostPort(host, port)}, nil
	}
	t := g.Tools
	t.Namespace = g.gatewayNamespace()
	forward, err := t.Forward(context.WithoutCancel(ctx), "service/"+gateway, port)
	if err != nil {
		return nil, err
	}
	return &way{address: forward.Address, forward: forward}, nil
}

func (g *Ground) closeWays() {
	for _, w := range []*way{g.way, g.door} {
		if w != nil && w.forward != nil {
			w.forward.Close()
		}
	}
	g.way, g.door = nil, nil
}

func (w *way) url() string { return "http://" + w.address }
