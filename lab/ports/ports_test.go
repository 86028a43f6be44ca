package ports_test

import (
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"istio-tutorial/lab/ports"
)

// Each port is drawn once, until there is none left; then those that were released.
func TestDraw(t *testing.T) {
	first := 10000 + 20*rand.IntN(300) // below the ports that labs draw
	few := ports.Range{First: first, Last: first + 19}
	drawn := map[string]ports.Port{}
	for len(drawn) < 20 {
		p, err := few.Draw("localhost", rand.IntN)
		if err != nil {
			break // another program has some
		}
		if _, twice := drawn[p.Address]; twice || !strings.HasPrefix(p.Address, "127.0.0.1:") {
			t.Fatalf("drew %s, after %v", p.Address, drawn)
		}
		defer p.Release()
		drawn[p.Address] = p
	}
	if len(drawn) < 2 {
		t.Fatalf("drew %v alone", drawn)
	}
	if p, err := few.Draw("127.0.0.1", rand.IntN); err == nil {
		t.Errorf("drew %s, of which there is none left", p.Address)
	}
	for address, p := range drawn {
		p.Release()
		again, err := few.Draw("127.0.0.1", rand.IntN)
		if err != nil || again.Address != address {
			t.Errorf("drew %s, %v; want %s", again.Address, err, address)
		}
		again.Release()
		return
	}
}

// A port where somebody listens is not drawn.
func TestTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	number := l.Addr().(*net.TCPAddr).Port
	p, err := ports.Range{First: number, Last: number}.Draw("127.0.0.1", rand.IntN)
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("drew %s, %v", p.Address, err)
	}
	p.Release()
}

// TestClaim gives an address that nobody listens at to one lab only.
func TestClaim(t *testing.T) {
	t.Parallel()
	first, err := ports.Range{First: 20000, Last: 30000}.Draw("127.0.0.1", rand.IntN)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ports.Claim(first.Address); err == nil {
		t.Error("another lab has claimed it, too")
	}
	first.Release()
	again, err := ports.Claim(first.Address)
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
}
