package pods

import (
	"fmt"
	"net"
	"strconv"
	"sync"
)

// Ports are drawn from below those that systems give to outgoing connections.
const (
	firstPort = 20000
	lastPort  = 32767
	draws     = 1000
)

// ports gives each port of loopback to one owner at a time.
type ports struct {
	mu     sync.Mutex
	random func(n int) int
	given  map[string]bool
}

func newPorts(random func(int) int) *ports {
	return &ports{random: random, given: map[string]bool{}}
}

// take returns free addresses. Whoever else takes one before its owner does, wins.
func (p *ports) take(n int) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for range draws {
		if len(list) == n {
			return list, nil
		}
		port := firstPort + p.random(lastPort-firstPort+1)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if !p.given[address] && isFree(address) {
			p.given[address] = true
			list = append(list, address)
		}
	}
	return nil, fmt.Errorf("found no %d free ports from %d to %d", n, firstPort, lastPort)
}

func (p *ports) give(addresses ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, address := range addresses {
		delete(p.given, address)
	}
}

func isFree(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
