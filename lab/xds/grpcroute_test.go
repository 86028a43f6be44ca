package xds_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
)

// TestGRPCRoute has gRPC's own client call methods through its sidecar.
func TestGRPCRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.pod("customer-v1", says("c"))
	w.callee("greeter")
	w.callee("one")
	called := w.callee("two")
	conn, err := grpc.NewClient("passthrough:///"+customer.Proxy, grpc.WithAuthority("greeter:8080"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	call := func(method string, headers ...string) string {
		ctx := metadata.AppendToOutgoingContext(t.Context(), headers...)
		said, _ := status.FromError(conn.Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{}))
		if said.Code() != codes.Aborted {
			return said.Code().String()
		}
		return said.Message()
	}
	w.mustPush(w.today(`apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: greeter}
spec:
  parentRefs: [{group: "", kind: Service, name: greeter, port: 8080}]
  rules:
  - matches: [{method: {service: a.Greeter, method: Hello}}, {method: {method: Bye}}]
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-a, value: set}]}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: two, port: 8080}}}
    backendRefs: [{name: one, port: 8080}, {name: two, port: 8080, weight: 0}]
  - matches: [{method: {type: RegularExpression, service: "b\\.G.+", method: "(Get|List)"}}, {method: {service: c.Store}}]
    backendRefs: [{name: two, port: 8080}]
  - matches: [{headers: [{name: x-user, value: jason}]}]
    backendRefs: [{name: greeter, port: 8080}]
  - matches: [{method: {service: d.None}}]
`))
	for _, c := range []struct{ method, want string }{
		{"/a.Greeter/Hello", "one set"},
		{"/z.Any/Bye", "one set"},
		{"/b.Getter/List", "two"},
		{"/c.Store/Put", "two"},
		{"/d.None/Any", "Unknown"}, // 500
		{"/a.Greeter/Other", "Unimplemented"},
		{"/b.Getter/Listing", "Unimplemented"},
	} {
		if got := call(c.method); got != c.want {
			t.Errorf("%s: %s, want %s", c.method, got, c.want)
		}
	}
	if got := call("/a.Greeter/Other", "x-user", "jason"); got != "greeter" {
		t.Errorf("with a header: %s", got)
	}
	for missing := map[string]bool{"/a.Greeter/Hello": true, "/z.Any/Bye": true}; len(missing) > 0; {
		select {
		case method := <-called:
			delete(missing, method)
		case <-time.After(labtest.Deadline):
			t.Fatalf("no copy of %v", missing)
		}
	}
}

// callee is a service that answers every method of gRPC with its name, and the headers x-a; it tells
// which methods were called.
func (w *world) callee(name string) <-chan string {
	w.t.Helper()
	w.pod(name+"-v1", says(name))
	called := make(chan string, 100)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(s)
		called <- method
		headers, _ := metadata.FromIncomingContext(s.Context())
		return status.Error(codes.Aborted, strings.Join(append([]string{name}, headers.Get("x-a")...), " "))
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }() // ends with Stop
	w.t.Cleanup(server.Stop)
	w.top.Instances[len(w.top.Instances)-1].Addresses = map[int]string{8080: l.Addr().String()}
	w.top.Services[len(w.top.Services)-1].Ports[0].Protocol = mesh.HTTP2
	return called
}
