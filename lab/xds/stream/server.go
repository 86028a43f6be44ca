// Package stream hands one Envoy its configuration, step by step, and hears what it makes of it.
package stream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	ratelimitservicev3 "github.com/envoyproxy/go-control-plane/envoy/service/ratelimit/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/sotw/v3"
	"google.golang.org/grpc"

	"istio-tutorial/lab/xds"
)

// ownerOnly is the mode of the socket.
const ownerOnly = 0o600

// Server gives one Envoy its configuration, and knows what Envoy made of it.
type Server struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	state    *state
	limiter  *limiter
	pushing  chan struct{} // holds a token during a push
	applied  xds.Snapshot  // the last that Envoy took as a whole; the pusher's
	discover sotw.Server
	grpc     *grpc.Server
	end      context.CancelFunc
	serving  sync.WaitGroup
	served   error
}

// Listen serves on a new unix socket of the owner alone, until Close. A socket that an earlier
// server left behind is replaced.
func Listen(socket string) (*Server, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("configuration server: %w", err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("configuration server: %w", err)
	}
	if err := os.Chmod(socket, ownerOnly); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Server{
		state: newState(), limiter: &limiter{now: time.Now}, pushing: make(chan struct{}, 1),
		grpc: grpc.NewServer(), end: end, applied: complete(xds.Snapshot{}),
	}
	s.discover = sotw.NewServer(ctx, s.state.cache, s.state)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s.grpc, s)
	ratelimitservicev3.RegisterRateLimitServiceServer(s.grpc, s.limiter)
	s.serving.Go(func() { s.served = s.grpc.Serve(l) })
	return s, nil
}

// Close ends the service. Envoy keeps what it has.
func (s *Server) Close() error {
	s.end()
	s.grpc.Stop()
	s.serving.Wait()
	if errors.Is(s.served, grpc.ErrServerStopped) { // before it began
		return nil
	}
	return s.served
}

// StreamAggregatedResources serves one connection of Envoy's.
func (s *Server) StreamAggregatedResources(
	stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer,
) error {
	return s.discover.StreamHandler(stream, resource.AnyType)
}
