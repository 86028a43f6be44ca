package envoy

import (
	"net"
	"strconv"
)

// Address is one as Envoy's administration writes it: envoy.config.core.v3.Address.
type Address struct {
	Socket struct {
		Address string
		Port    int `json:"port_value"`
	} `json:"socket_address"`
	Pipe struct{ Path string }
}

// String is the address as Envoy logs it: host:port, or the path of a unix socket.
func (a Address) String() string {
	if a.Pipe.Path != "" {
		return a.Pipe.Path
	}
	return net.JoinHostPort(a.Socket.Address, strconv.Itoa(a.Socket.Port))
}
