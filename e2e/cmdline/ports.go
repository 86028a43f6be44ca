package cmdline

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePorts returns n ports that nothing listens on, nor on those a thousand above, where the chain
// has its metrics. They lie below those that the system gives to connections, which could take
// one at any time, and below those of the lab and its tests.
func FreePorts(tb testing.TB, n int) []string {
	tb.Helper()
	var ports []string
	for tries := 0; len(ports) < n; tries++ {
		if tries == 1000 {
			tb.Fatal("no free ports found")
		}
		port := 10000 + rand.IntN(1000)
		if free(port) && free(port+1000) {
			ports = append(ports, strconv.Itoa(port))
		}
	}
	return ports
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
