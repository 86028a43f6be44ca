package xds_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// TestSecretsUnderLoad renews a certificate a hundred times while requests come, on connections that stay and on new
// ones, and breaks it in between: each change acts at once, and no answer is lost.
func TestSecretsUnderLoad(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.pod("customer-v1", says("c"))
	push := func() { w.mustPush(w.today(secureGateway(https("SIMPLE", "'*'")), routedTo("customer"))) }
	renew := func(i int) {
		w.credential("c", "a.test", fmt.Sprintf("n%d.test", i))
		push()
	}
	renew(0)
	var clients sync.WaitGroup
	var mu sync.Mutex
	bad, asked := map[string]int{}, 0
	done := make(chan struct{})
	for i := range 4 {
		c := w.client()
		c.Transport.(*http.Transport).DisableKeepAlives = i%2 == 0
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				a, err := ask(t.Context(), c, "https://a.test")
				got := a.String()
				if err != nil {
					got = err.Error()
				}
				mu.Lock()
				asked++
				if got != "200 c" {
					bad[got]++
				}
				mu.Unlock()
			}
		})
	}
	const changes = 100
	for i := range changes {
		if i%10 == 9 { // it is gone for a while
			w.top.Credentials = nil
			push()
		}
		renew(i + 1)
		if got := w.asked(w.client(), fmt.Sprintf("https://n%d.test", i+1)); got != "200 c" {
			t.Errorf("after change %d: %s", i+1, got)
		}
	}
	close(done)
	clients.Wait()
	if len(bad) > 0 || asked < changes {
		t.Errorf("of %d: %v", asked, bad)
	}
}
