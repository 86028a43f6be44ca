package daemon

import (
	"context"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

// reset puts the objects of the start in force again.
func (l *lab) reset(ctx context.Context, q control.Reset) ([]objects.Result, error) {
	if q.DryRun {
		_, results := l.objects().Back(l.atStart, time.Now())
		return results, nil
	}
	return l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		next, results := s.Back(l.atStart, time.Now())
		return next, results, nil
	})
}
