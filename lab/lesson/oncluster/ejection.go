package oncluster

import (
	"context"
	"net/http"
	"sync"
	"time"

	"istio-tutorial/lab/load"
)

// merging is how long Envoy keeps back what happens to a pod after something else has happened to one: updateMergeWindow,
// which Istio leaves as it is. A pod that is ejected so soon after another one goes on to be called until then.
const merging = time.Second

// ejections is the gauge of the pods that a proxy has ejected.
const ejections = `outlier_detection;?\.ejections_active$`

// merged waits until an ejection takes effect at once, which pages count on, where one may just have been: the lab has
// no such time.
func (p *place) merged(ctx context.Context) error {
	rest := merging - time.Since(p.sent)
	if rest <= 0 {
		return nil
	}
	ejected, err := p.ground.pods.anyEjected(ctx)
	if err != nil || !ejected {
		return err
	}
	select {
	case <-time.After(rest):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// anyEjected reports whether some proxy has ejected a pod.
func (p *pods) anyEjected(ctx context.Context) (bool, error) {
	for _, one := range p.seen.pods {
		if !one.proxied {
			continue
		}
		gauges, err := p.stats(ctx, one.name, ejections)
		if err != nil {
			return false, err
		}
		for _, n := range gauges {
			if n > 0 {
				return true, nil
			}
		}
	}
	return false, nil
}

// noted returns when every proxy has drawn its conclusions from an answer that is an error: to eject a pod is the main
// thread's, which comes to it when the answer is on its way already. It does what it is told in turn, so an answer of its
// own is behind that.
func (p *place) noted(ctx context.Context, hit load.Hit) {
	if hit.Status < http.StatusInternalServerError {
		return
	}
	var all sync.WaitGroup
	for _, one := range p.ground.pods.seen.pods {
		if one.proxied {
			all.Go(func() { _ = p.ground.pods.askOnce(ctx, one.name, "/ready", func(string) {}) }) // a claim tells
		}
	}
	all.Wait()
}
