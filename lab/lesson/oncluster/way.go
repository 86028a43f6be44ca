package oncluster

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"istio-tutorial/lab/cluster"
)

// way is how requests from outside reach the gateway.
type way struct {
	address string // HOST:PORT
	forward *cluster.Forward
}

// reached is how long a machine may take that can be reached directly.
const reached = time.Second

// openWay returns the address of the gateway's Service if this machine reaches it, and else a tunnel to it.
func (g *Ground) openWay(ctx context.Context) (*way, error) {
	const addresses = `{.spec.clusterIP}{range .status.loadBalancer.ingress[*]} {.ip}{.hostname}{end}`
	found, err := g.atGateway(ctx, "", "get", "service", gateway, "-o", "jsonpath="+addresses)
	if err != nil {
		return nil, err
	}
	for _, host := range strings.Fields(found) {
		address := net.JoinHostPort(host, "80")
		dialer := net.Dialer{Timeout: reached}
		if conn, err := dialer.DialContext(ctx, "tcp", address); err == nil {
			_ = conn.Close() // it was only to see
			g.Say("the way in is http://" + address)
			return &way{address: address}, nil
		}
	}
	t := g.Tools
	t.Namespace = g.gatewayNamespace()
	forward, err := t.Forward(context.WithoutCancel(ctx), "service/"+gateway, 80)
	if err != nil {
		return nil, fmt.Errorf("the way in: %w", err)
	}
	g.Say("the way in is a tunnel, http://" + forward.Address)
	return &way{address: forward.Address, forward: forward}, nil
}

func (w *way) url() string { return "http://" + w.address }

func (w *way) close() {
	if w.forward != nil {
		w.forward.Close()
	}
}
