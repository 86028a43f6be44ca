package console_test

import (
	"fmt"
	"testing"
	"time"

	"istio-tutorial/lab/console"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
)

// TestRush has more requests come than anybody reads: snapshots come once a second, and those that went wrong
// are in them, however many came after.
func TestRush(t *testing.T) {
	t.Parallel()
	l := up(t)
	url := serve(t, l.folder)
	hear := stream(t, url)
	l.change(t, objects.Create, aborting)
	send(t, url, hear, 20)
	l.change(t, objects.Delete, aborting)
	send(t, url, hear, 100)
	s := decode[console.Snapshot](t, get(t, url+"/api/snapshot"))
	bad := 0
	for i, r := range s.Requests {
		if r.Failed {
			bad++
		}
		if i > 0 && r.At+1000 < s.Requests[i-1].At {
			t.Errorf("request %d began %d ms before the one before it", i, s.Requests[i-1].At-r.At)
		}
	}
	if bad == 0 || len(s.Requests) > 60 {
		t.Errorf("%d of %d requests went wrong", bad, len(s.Requests))
	}
	post(t, url+"/api/send", `{"rate":100,"atOnce":10}`)
	until(t, hear, func(s console.Snapshot) error {
		if rows := s.Tables[traffic.TenSeconds].Rows; len(rows) == 0 || rows[0].Rate < 35 {
			return fmt.Errorf("rows %+v", rows)
		}
		return nil
	})
	last := decode[console.Snapshot](t, hear()).At
	for range 3 {
		now := decode[console.Snapshot](t, hear()).At
		if apart := time.Duration(now-last) * time.Millisecond; apart < 900*time.Millisecond {
			t.Errorf("snapshots are %v apart", apart)
		}
		last = now
	}
}

// send has the page send so many requests, and hears until all are over.
func send(t *testing.T, url string, hear func() string, n int) {
	t.Helper()
	post(t, url+"/api/send", fmt.Sprintf(`{"rate":100,"atOnce":5,"count":%d}`, n))
	until(t, hear, func(s console.Snapshot) error {
		if s.Sending == nil || s.Sending.On || s.Sending.Done != n {
			return fmt.Errorf("sending %+v", s.Sending)
		}
		return nil
	})
}
