package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/pick"
	"istio-tutorial/lab/journal"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// linesOf is what of a log is asked for.
func linesOf(q control.LogQuery) journal.Query {
	j := journal.Query{Follow: q.Follow, Tail: q.Tail, Previous: q.Previous, Timestamps: q.Timestamps}
	if q.Since > 0 {
		j.Since = time.Now().Add(-q.Since)
	}
	return j
}

// Logs are the lines of the logs of pods, as they come.
func (l *Lab) Logs(ctx context.Context, q control.LogQuery) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		logs, err := l.logsOf(ctx, q)
		if err != nil {
			yield("", err)
			return
		}
		for line := range together(stop, logs) {
			if !yield(line, nil) {
				return
			}
		}
	}
}

// logsOf are the logs of the pods, each for itself.
func (l *Lab) logsOf(ctx context.Context, q control.LogQuery) ([]iter.Seq[string], error) {
	list, err := pick.PodsOf(l.Objects(), l.Pods.Pods(), q.Selection)
	if err != nil {
		return nil, err
	}
	var logs []iter.Seq[string]
	wanted := q.Container
	for _, p := range list {
		containers := []string{cmp.Or(wanted, p.Container)}
		if q.AllContainers {
			containers = []string{p.Container, pods.Sidecar}
		}
		for _, q.Container = range containers {
			lines, err := l.logOf(ctx, p, q)
			if err != nil {
				return nil, err
			}
			if q.Prefix {
				lines = prefixed(lines, fmt.Sprintf("[pod/%s/%s] ", p.Name.Name, q.Container))
			}
			logs = append(logs, lines)
		}
	}
	return logs, nil
}

func (l *Lab) logOf(ctx context.Context, p pods.Pod, q control.LogQuery) (iter.Seq[string], error) {
	switch q.Container {
	case "", p.Container:
		lines, err := l.Pods.Logs(ctx, p.Name, linesOf(q))
		if errors.Is(err, journal.ErrNoPrevious) {
			return nil, objects.Errorf(objects.NotFound, "%v", err)
		}
		return lines, err
	case pods.Sidecar:
		lines, err := l.Proxy.Journal.Lines(ctx, linesOf(q))
		return about(lines, p), err
	default:
		return nil, noContainer(q.Container, p, p.Container+" and "+pods.Sidecar)
	}
}

// about are the lines of a pod's own sidecar.
func about(lines iter.Seq[string], p pods.Pod) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range lines {
			if strings.Contains(line, strconv.Quote(p.Name.String())) && !yield(line) {
				return
			}
		}
	}
}

func prefixed(lines iter.Seq[string], prefix string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range lines {
			if !yield(prefix + line) {
				return
			}
		}
	}
}

// together yields the lines of all logs as they come, of each in its order; stop ends them all.
func together(stop context.CancelFunc, logs []iter.Seq[string]) iter.Seq[string] {
	return func(yield func(string) bool) {
		all, stopped := make(chan string), make(chan struct{})
		var readers sync.WaitGroup
		for _, log := range logs {
			readers.Go(func() {
				for line := range log {
					select {
					case all <- line:
					case <-stopped:
						return
					}
				}
			})
		}
		go func() {
			readers.Wait()
			close(all)
		}()
		defer func() {
			close(stopped)
			stop()
			readers.Wait()
		}()
		for line := range all {
			if !yield(line) {
				return
			}
		}
	}
}

// ProxyLogs are the lines of the one Envoy's log.
func (l *Lab) ProxyLogs(ctx context.Context, q control.LogQuery) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		lines, err := l.Proxy.Journal.Lines(ctx, linesOf(q))
		if err != nil {
			yield("", objects.Errorf(objects.NotFound, "envoy: %v", err))
			return
		}
		for line := range lines {
			if !yield(line, nil) {
				return
			}
		}
	}
}
