package backend

import (
	"io"
	"net"
)

// loopback finds n addresses 127.0.0.1:PORT that are free for TCP and UDP. Somebody else may
// take one before the caller does: who then cannot start tries again.
func loopback(n int) ([]string, error) {
	var held []io.Closer
	defer func() {
		for _, h := range held {
			_ = h.Close()
		}
	}()
	var free []string
	for len(free) < n {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		held = append(held, tcp)
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err != nil {
			continue // its UDP twin is taken
		}
		held = append(held, udp)
		free = append(free, tcp.Addr().String())
	}
	return free, nil
}
