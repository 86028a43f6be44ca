package pods

import (
	"sync"

	"istio-tutorial/lab/ports"
)

// Ports are drawn from below those that systems give to outgoing connections.
const (
	firstPort = 20000
	lastPort  = 32767
)

// drawer holds the ports that pods have drawn, by their addresses.
type drawer struct {
	mu     sync.Mutex
	random func(n int) int
	drawn  map[string]ports.Port
}

func newDrawer(random func(int) int) *drawer {
	return &drawer{random: random, drawn: map[string]ports.Port{}}
}

// take returns n addresses of loopback.
func (d *drawer) take(n int) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all, list := ports.Range{First: firstPort, Last: lastPort}, make([]string, n)
	for i := range list {
		p, err := all.Draw("127.0.0.1", d.random)
		if err != nil {
			d.release(list[:i])
			return nil, err
		}
		d.drawn[p.Address], list[i] = p, p.Address
	}
	return list, nil
}

func (d *drawer) give(addresses ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.release(addresses)
}

// release is give; d.mu is held.
func (d *drawer) release(addresses []string) {
	for _, address := range addresses {
		d.drawn[address].Release()
		delete(d.drawn, address)
	}
}

func isFree(address string) bool {
	_, err := ports.Free(address)
	return err == nil
}
