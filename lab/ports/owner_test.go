package ports_test

import (
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"istio-tutorial/lab/ports"
)

func TestOwner(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	for _, at := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			if strings.HasPrefix(at, "[") {
				t.Logf("no IPv6 here: %v", err)
				continue
			}
			t.Fatal(err)
		}
		address := l.Addr().String()
		if at == ":0" { // whoever has all addresses has each
			address = strings.Replace(address, "[::]", "127.0.0.1", 1)
		}
		p, ok := ports.Owner(address)
		if !ok || p.PID != os.Getpid() || p.Parent != os.Getppid() || !strings.HasPrefix(p.Name, "ports.test") {
			t.Errorf("%s is %+v's, %v; want process %d", address, p, ok, os.Getpid())
		}
		l.Close()
		if p, ok := ports.Owner(address); ok {
			t.Errorf("%s is %+v's after its end", address, p)
		}
	}
	if p, ok := ports.Owner("nowhere"); ok {
		t.Errorf("nowhere is %+v's", p)
	}
}
