// Package ports gives each TCP port to one lab at a time, of all that run on the machine.
package ports

import (
	"fmt"
	"net"
	"strconv"
)

// Range is what ports are drawn from, both ends included.
type Range struct{ First, Last int }

// Port is a free port that no other lab draws until it is released.
type Port struct {
	Address string // host:port, host being an IP address
	// claim is the UDP port of the same number, which no lab has another use for: unlike the port
	// itself it can be held while a program or Envoy is yet to come, or to come back.
	claim net.PacketConn
}

// draws is how many ports are looked at before there is none.
const draws = 1000

// Draw returns a port of host; random returns a number from 0 to n-1. Whoever takes the port
// without having drawn it, wins.
func (r Range) Draw(host string, random func(n int) int) (p Port, err error) {
	for range draws {
		number := r.First + random(r.Last-r.First+1)
		if p, err = Claim(net.JoinHostPort(host, strconv.Itoa(number))); err == nil {
			return p, nil
		}
	}
	return p, fmt.Errorf("no free port from %d to %d: %w", r.First, r.Last, err)
}

// Claim returns the port of an address, host:port, unless it is taken or another lab has it.
func Claim(address string) (Port, error) {
	claim, err := net.ListenPacket("udp", address)
	if err != nil {
		return Port{}, err
	}
	free, err := Free(address)
	if err != nil {
		_ = claim.Close() // nothing was sent
		return Port{}, err
	}
	return Port{free, claim}, nil
}

// Release lets others draw the port.
func (p Port) Release() {
	if p.claim != nil {
		_ = p.claim.Close() // nothing was sent
	}
}

// Free returns host:port with host as an IP address; the error says why nobody can listen there.
func Free(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
