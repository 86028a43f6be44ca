package xds_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/stream"
)

// reusePort is SO_REUSEPORT, see socket(7).
const reusePort = 0xf

// TestSharedPort has a listener's port be another's who would share it, as another Envoy would.
func TestSharedPort(t *testing.T) {
	t.Parallel()
	w, preference, _, _ := chain(t)
	w.apply()
	share := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, reusePort, 1)
		}), err)
	}}
	other, err := share.Listen(t.Context(), "tcp", freeAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	m := w.mesh()
	m.Instances = append([]mesh.Instance{}, m.Instances...)
	m.Instances[0].Proxy = other.Addr().String()
	var refused *stream.RefusedError
	if err := w.push(m); !errors.As(err, &refused) {
		t.Errorf("error %v: Envoy takes a port that is another's", err)
	}
	if got := w.several(4, preference, recommendation); got["200 v1"]+got["200 v2"] != 4 {
		t.Errorf("then %v", got)
	}
}
