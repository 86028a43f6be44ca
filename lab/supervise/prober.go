//go:build unix

package supervise

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// HTTPGet returns a [Config].Ready that asks url, directly and on a new connection each time.
// As with a kubelet's httpGet probe, an answer from 200 to 399 is ready.
func HTTPGet(url string) func(context.Context) error {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode < 200 || resp.StatusCode > 399 {
			return fmt.Errorf("GET %s: %s", url, resp.Status)
		}
		return nil
	}
}

// prober sends what ready returns to results, again and again.
type prober struct {
	Probe
	ready   func(context.Context) error
	results chan error
}

// run returns when ctx ends; without a ready function, the one result is nil.
func (p prober) run(ctx context.Context) {
	began, passed := time.Now(), false
	for ctx.Err() == nil {
		err := p.once(ctx)
		select {
		case p.results <- err:
		case <-ctx.Done():
			return
		}
		if p.ready == nil {
			return
		}
		passed = passed || err == nil
		select {
		case <-time.After(p.pause(passed, time.Since(began))):
		case <-ctx.Done():
		}
	}
}

func (p prober) once(ctx context.Context) error {
	if p.ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	return p.ready(ctx)
}

// fast is the pause between the first calls of a start. It grows to 2 % of the time since then, so
// that readiness is noticed at once and a slow start costs little.
const fast = 2 * time.Millisecond

// pause is the time to the next call, so long after the start.
func (p Probe) pause(passed bool, elapsed time.Duration) time.Duration {
	if passed {
		return p.Period
	}
	return min(max(fast, elapsed/50), p.Period)
}
