package daemon

import (
	"context"
	"errors"
	"reflect"
	"time"

	"istio-tutorial/lab/objects"
)

// within bounds a change: a proxy that was killed is back earlier.
const within = 15 * time.Second

// edit makes other objects of those in force; it may have both results and an error.
type edit func(objects.Set) (objects.Set, []objects.Result, error)

// commit puts in force what an edit makes, when the proxy has taken it: else nothing changes.
// One commit follows the other.
func (l *lab) commit(ctx context.Context, e edit) ([]objects.Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, within, errors.New("the proxy does not answer"))
	defer cancel()
	if err := l.take(ctx); err != nil {
		return nil, err
	}
	defer l.release()
	before, doors, keyless := l.objects(), l.doors, l.keyless // nobody else changes them
	next, results, problems := e(before)
	if len(results) == 0 {
		return nil, problems
	}
	if err := l.push(ctx, next); err != nil {
		return nil, err
	}
	l.adopt(next)
	if !reflect.DeepEqual(before.Deployments(), next.Deployments()) {
		// Pods that are to end get no call any more. If this fails, publish tries again.
		_ = l.push(ctx, next)
	}
	results = next.Explain(before, results, next.Expected())
	last := &results[len(results)-1]
	last.Warnings = append(last.Warnings, outlived(doors, l.doors)...)
	last.Warnings = append(last.Warnings, stillWrong(results, doors, l.doors)...)
	warnKeyless(results, keyless, l.keyless)
	return results, problems
}
