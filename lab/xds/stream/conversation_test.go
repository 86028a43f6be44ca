package stream

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/xds"
)

// conversation is a stream on which a test says, word by word, what Envoy would.
type conversation struct {
	t      *testing.T
	server *Server
	conn   *grpc.ClientConn
	stream grpc.BidiStreamingClient[discoveryv3.DiscoveryRequest, discoveryv3.DiscoveryResponse]
	leave  context.CancelFunc
	heard  [xds.Kinds]*discoveryv3.DiscoveryResponse // the last message of each kind
}

// enough bounds every wait of a conversation.
const enough = 10 * time.Second

func converse(t *testing.T) *conversation {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	server, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &conversation{t: t, server: server, conn: conn}
	c.connect()
	return c
}

// connect leaves the stream for a new one.
func (c *conversation) connect() {
	c.t.Helper()
	if c.leave != nil {
		c.leave()
	}
	var ctx context.Context
	ctx, c.leave = context.WithTimeout(c.t.Context(), enough)
	c.t.Cleanup(c.leave)
	var err error
	c.stream, err = discoveryv3.NewAggregatedDiscoveryServiceClient(c.conn).StreamAggregatedResources(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, last := range c.heard {
		if last != nil {
			last.Nonce = ""
		}
	}
}

// say asks for a kind, and answers what was heard of it.
func (c *conversation) say(k xds.Kind, names ...string) {
	c.t.Helper()
	last := c.heard[k]
	if err := c.stream.Send(&discoveryv3.DiscoveryRequest{
		TypeUrl: typeURL(k), ResourceNames: names,
		VersionInfo: last.GetVersionInfo(), ResponseNonce: last.GetNonce(),
	}); err != nil {
		c.t.Fatal(err)
	}
}

// refuse answers what was heard of a kind with an error.
func (c *conversation) refuse(k xds.Kind, before, reason string) {
	c.t.Helper()
	if err := c.stream.Send(&discoveryv3.DiscoveryRequest{
		TypeUrl: typeURL(k), VersionInfo: before, ResponseNonce: c.heard[k].GetNonce(),
		ErrorDetail: &status.Status{Message: reason},
	}); err != nil {
		c.t.Fatal(err)
	}
}

// hear takes the next message, which is of a kind and holds so many resources.
func (c *conversation) hear(k xds.Kind, count int) {
	c.t.Helper()
	m, err := c.stream.Recv()
	if err != nil {
		c.t.Fatalf("kind %d: %v", k, err)
	}
	if got, _ := kindOfType(m.GetTypeUrl()); got != k || len(m.GetResources()) != count {
		c.t.Fatalf("heard kind %d with %d resources, want kind %d with %d", got, len(m.GetResources()), k, count)
	}
	c.heard[k] = m
}

func (c *conversation) offer(next step) {
	c.t.Helper()
	if err := c.server.state.offer(next); err != nil {
		c.t.Fatal(err)
	}
}

// taken waits until a step is.
func (c *conversation) taken(to step) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), enough)
	defer cancel()
	if err := c.server.state.wait(ctx, to); err != nil {
		c.t.Fatal(err)
	}
}

// version is a step with clusters that differ by their time-out, and endpoints by their hosts.
func version(timeout time.Duration, hosts int, names ...string) step {
	next := step{xds.Clusters: xds.Resources{}, xds.Endpoints: xds.Resources{}}
	for _, name := range names {
		a := &endpointv3.ClusterLoadAssignment{ClusterName: name}
		for range hosts {
			a.Endpoints = append(a.Endpoints, &endpointv3.LocalityLbEndpoints{})
		}
		next[xds.Endpoints][name] = a
		next[xds.Clusters][name] = &clusterv3.Cluster{
			Name: name, ConnectTimeout: durationpb.New(timeout),
			EdsClusterConfig: &clusterv3.Cluster_EdsClusterConfig{ServiceName: name},
		}
	}
	return next
}

// TestEndpointsFollow sends endpoints before the clusters that wait for them: those that Envoy
// has not answered yet are in the way. It asks for a name that it has, and goes on about clusters
// only when it is sent that.
func TestEndpointsFollow(t *testing.T) {
	t.Parallel()
	c := converse(t)
	first, second, third := version(1, 1, "a"), version(2, 1, "a"), version(3, 2, "a")
	c.offer(first)
	c.say(xds.Clusters)
	c.hear(xds.Clusters, 1)
	c.say(xds.Endpoints, "a")
	c.hear(xds.Endpoints, 1)
	c.say(xds.Endpoints, "a")
	c.say(xds.Clusters)
	c.taken(first)

	c.offer(second)
	c.hear(xds.Clusters, 1)
	c.hear(xds.Endpoints, 1)
	c.say(xds.Endpoints, "a")
	c.offer(third)
	c.hear(xds.Endpoints, 1)
	c.say(xds.Endpoints, "a")
	c.say(xds.Clusters) // only now
	c.hear(xds.Clusters, 1)
	c.say(xds.Endpoints, "a")
	c.hear(xds.Endpoints, 1)
	c.say(xds.Endpoints, "a")
	c.say(xds.Clusters)
	c.taken(third)
}

// TestAskedLater sends clusters and endpoints at once. Envoy asks for what it has clusters for,
// so that a message may hold less than is on offer.
func TestAskedLater(t *testing.T) {
	t.Parallel()
	c := converse(t)
	one, two := version(1, 1, "a"), version(1, 1, "a", "b")
	c.offer(one)
	c.say(xds.Clusters)
	c.hear(xds.Clusters, 1)
	c.say(xds.Endpoints, "a")
	c.hear(xds.Endpoints, 1)
	c.say(xds.Endpoints, "a")
	c.say(xds.Clusters)
	c.taken(one)

	c.offer(two)
	c.hear(xds.Clusters, 2)
	c.hear(xds.Endpoints, 1)
	c.say(xds.Endpoints, "a", "b") // the answer, and the question
	c.hear(xds.Endpoints, 2)
	c.say(xds.Endpoints, "a") // b is gone before it is here
	c.say(xds.Endpoints, "a", "b")
	c.hear(xds.Endpoints, 2)
	c.say(xds.Endpoints, "a", "b")
	c.say(xds.Clusters)
	c.taken(two)
}

// TestBack connects again: all is told anew, as nobody knows what the other side has kept.
func TestBack(t *testing.T) {
	t.Parallel()
	c := converse(t)
	some := version(1, 1, "a")
	some[xds.Listeners], some[xds.Routes] = xds.Resources{}, xds.Resources{}
	c.offer(some)
	c.say(xds.Clusters)
	c.hear(xds.Clusters, 1)
	c.say(xds.Endpoints, "a")
	c.hear(xds.Endpoints, 1)
	c.say(xds.Endpoints, "a")
	c.say(xds.Clusters)
	c.say(xds.Listeners)
	c.hear(xds.Listeners, 0)
	c.say(xds.Listeners)
	c.taken(some)

	c.connect()
	c.say(xds.Clusters)
	c.hear(xds.Clusters, 1)
	c.say(xds.Clusters)
	c.say(xds.Endpoints, "a")
	c.hear(xds.Endpoints, 1)
	c.say(xds.Endpoints, "a")
	c.say(xds.Listeners)
	c.hear(xds.Listeners, 0)
	c.say(xds.Listeners)
	c.taken(some)
}

// TestLateRefusal has Envoy refuse an offer when the next is made already, as one that was stopped
// for a while does: that one is not refused with it.
func TestLateRefusal(t *testing.T) {
	t.Parallel()
	c := converse(t)
	only := func(timeout time.Duration) step {
		return step{xds.Clusters: version(timeout, 0, "a")[xds.Clusters]}
	}
	first, bad, good := only(1), only(2), only(3)
	c.offer(first)
	c.say(xds.Clusters)
	c.hear(xds.Clusters, 1)
	c.say(xds.Clusters)
	c.taken(first)
	taken := c.heard[xds.Clusters].GetVersionInfo()

	c.offer(bad)
	c.hear(xds.Clusters, 1)
	c.offer(good)
	c.refuse(xds.Clusters, taken, "bad")
	c.hear(xds.Clusters, 1)
	c.say(xds.Clusters)
	c.taken(good)

	c.offer(bad)
	taken = c.heard[xds.Clusters].GetVersionInfo()
	c.hear(xds.Clusters, 1)
	c.refuse(xds.Clusters, taken, "bad")
	ctx, cancel := context.WithTimeout(t.Context(), enough)
	defer cancel()
	var refused *RefusedError
	if err := c.server.state.wait(ctx, bad); !errors.As(err, &refused) || refused.Reason != "bad" {
		t.Errorf("error %v, want the refusal of the offer in question", err)
	}
}
