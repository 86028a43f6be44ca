package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	settleWithin = 30 * time.Second
	askAgain     = 20 * time.Millisecond
	// istiod gathers changes for a tenth of a second before it makes a new state of the mesh of them.
	gathering = 250 * time.Millisecond
	// idle is how long nothing need come of a change that may mean nothing to any proxy.
	idle = time.Second
	// sending is how long istiod may take from going through a proxy to what it sends.
	sending = 60 * time.Millisecond
)

// Watch sees a change through to the proxies of a namespace.
type Watch struct {
	tools   Tools
	istiods []*istiod
	before  []before
	among   []string // the namespaces whose proxies are looked at; nil: all
	// wanted are objects as the API server has them, by what istiod calls them.
	wanted func(context.Context, []Change) (map[string]stored, error)
}

// before is what an istiod had before the change.
type before struct {
	store   map[string]stored
	pushed  uint64
	refused []string // what proxies refused already
}

// Watch looks at what the proxies have before a change of objects of the namespace, and of some others. Those of
// Istio's own are for all proxies. Where no Istio is, there is nothing to see.
func (t Tools) Watch(ctx context.Context, others ...string) (*Watch, error) {
	system := t
	system.Namespace = istioNamespace
	line := Line{Tool: Kubectl, Args: []string{
		"get", "pods", "-l", "app=istiod", "--field-selector=status.phase=Running", "-o", "name",
	}}
	pods, err := system.Output(ctx, "", line)
	if err != nil {
		return nil, err
	}
	w := &Watch{tools: t, wanted: t.generations, among: append([]string{t.Namespace}, others...)}
	if slices.Contains(w.among, istioNamespace) {
		w.among = nil
	}
	for _, pod := range strings.Fields(pods) {
		forward, err := system.Forward(ctx, pod, debugPort)
		if err != nil {
			w.Close()
			return nil, err
		}
		w.istiods = append(w.istiods, &istiod{
			name: strings.TrimPrefix(pod, "pod/"), forward: forward, client: http.Client{Timeout: answerWithin},
		})
	}
	for _, i := range w.istiods {
		b, err := i.look(ctx, w.among)
		if err != nil {
			w.Close()
			return nil, err
		}
		w.before = append(w.before, b)
	}
	return w, nil
}

// Close ends what it started.
func (w *Watch) Close() {
	for _, i := range w.istiods {
		i.forward.Close()
	}
}

// Settled returns once every proxy that is looked at has acknowledged what came of the changes; else the error is
// an [*UnsettledError].
func (w *Watch) Settled(ctx context.Context, changes []Change) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	errs := make([]error, len(w.istiods))
	var all sync.WaitGroup
	for n, i := range w.istiods {
		all.Go(func() {
			s := settling{istiod: i, before: w.before[n], namespace: w.tools.Namespace, among: w.among, changes: changes, wanted: w.wanted}
			errs[n] = s.wait(ctx)
			if _, unsettled := errors.AsType[*UnsettledError](errs[n]); errs[n] != nil && !unsettled && w.left(ctx, i) {
				errs[n] = nil // its proxies are another's now
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// left reports whether an istiod is about to end, or has.
func (w *Watch) left(ctx context.Context, i *istiod) bool {
	system := w.tools
	system.Namespace = istioNamespace
	text, err := system.Output(ctx, "", Line{Tool: Kubectl, Args: []string{
		"get", "pod", i.name, "--ignore-not-found", "-o", "jsonpath={.status.phase}{.metadata.deletionTimestamp}",
	}})
	return err == nil && text != "Running"
}

// UnsettledError is that proxies have not what they should have.
type UnsettledError struct {
	Changes []Change
	Missing []string // what is missing, and where
}

func (e *UnsettledError) Error() string {
	var names []string
	for _, c := range e.Changes {
		names = append(names, c.String())
	}
	return fmt.Sprintf("%s: not taken by every proxy: %s", strings.Join(names, ", "), strings.Join(e.Missing, "; "))
}

// look is what there is now.
func (i *istiod) look(ctx context.Context, among []string) (b before, err error) {
	if b.store, err = i.store(ctx); err != nil {
		return b, err
	}
	proxies, err := i.proxies(ctx, among)
	for _, p := range proxies {
		pushed, lost := i.pushed(ctx, p)
		b.pushed, err = max(b.pushed, pushed), errors.Join(err, lost)
		_, refused, _ := p.unacknowledged()
		b.refused = append(b.refused, refused...)
	}
	return b, err
}

// settling waits for one istiod's part.
type settling struct {
	istiod    *istiod
	before    before
	namespace string
	among     []string
	changes   []Change
	wanted    func(context.Context, []Change) (map[string]stored, error)
	missing   []string // why it was not over when it was last looked at
}

func (s *settling) wait(ctx context.Context) error {
	moving, err := s.read(ctx)
	if err == nil && moving {
		err = s.proxiesHave(ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) && len(s.missing) > 0 {
		return &UnsettledError{Changes: s.changes, Missing: s.missing}
	}
	return err
}

// read waits until istiod has read the changes, and reports whether any of them is one of what is wanted.
func (s *settling) read(ctx context.Context) (moving bool, err error) {
	kinds, err := s.istiod.kinds(ctx)
	if err != nil {
		return false, err
	}
	s.changes = slices.DeleteFunc(slices.Clone(s.changes), func(c Change) bool { return !slices.Contains(kinds, c.Resource) })
	if len(s.changes) == 0 {
		return false, nil
	}
	wanted, err := s.wanted(ctx, s.changes)
	if err != nil {
		return false, err
	}
	return moving, again(ctx, func() (bool, error) {
		now, err := s.istiod.store(ctx)
		if err != nil {
			return false, err
		}
		s.missing, moving = nil, false
		for _, c := range s.changes {
			isRead, moves := s.compare(c, now, wanted)
			if !isRead {
				s.missing = append(s.missing, s.istiod.name+" has not read "+c.String())
			}
			moving = moving || moves
		}
		return len(s.missing) == 0, nil
	})
}

// compare reports whether istiod's store has a change, and whether it is one of what is wanted.
func (s *settling) compare(c Change, now, wanted map[string]stored) (isRead, moves bool) {
	key := c.key(s.namespace)
	old, was := s.before.store[key]
	have, is := now[key]
	if c.Deleted {
		return !is, true
	}
	if was && wanted[key] == old { // kubectl calls it configured, but the API server has found nothing new in it
		return true, false
	}
	// istiod itself writes the status of some, which is another version of what was wanted before.
	late := was && old.version == have.version || have.generation < wanted[key].generation
	return is && !late, old.generation != have.generation || have.generation == 0
}

// proxiesHave waits until istiod has gone through every proxy after it read the changes, and has the answer of
// each.
func (s *settling) proxiesHave(ctx context.Context) error {
	since := time.Now()
	seen, err := s.istiod.look(ctx, s.among)
	if err != nil {
		return err
	}
	err = again(ctx, func() (bool, error) {
		proxies, err := s.istiod.proxies(ctx, s.among)
		if err != nil {
			return false, err
		}
		var missing []string
		for _, p := range proxies {
			pushed, err := s.istiod.pushed(ctx, p)
			if err != nil {
				return false, err
			}
			if took := time.Since(since); !s.reached(pushed, seen.pushed, took) {
				missing = append(missing, s.istiod.name+" has not come to "+p.name)
			}
		}
		s.missing = missing
		return len(missing) == 0, nil
	})
	if err != nil {
		return err
	}
	return s.acknowledged(ctx)
}

// reached reports whether istiod has gone through a proxy with the changes in mind: with a state of the mesh that
// is newer than the one when they were read; or, where they were read only after that state was made, newer than
// before.
func (s *settling) reached(pushed, seen uint64, took time.Duration) bool {
	switch {
	case pushed == 0, pushed > seen: // the proxy has left
		return true
	case took < gathering:
		return false
	}
	return pushed > s.before.pushed || took > idle && !slices.ContainsFunc(s.changes, Change.isForProxies)
}

// isForProxies reports whether istiod makes a new state of the mesh of each change of that kind.
func (c Change) isForProxies() bool {
	kind, group, _ := strings.Cut(c.Resource, ".")
	all := []string{
		"virtualservice", "destinationrule", "gateway", "sidecar", "envoyfilter", "serviceentry",
		"authorizationpolicy", "peerauthentication", "requestauthentication", "telemetry",
	}
	return strings.HasSuffix(group, "istio.io") && slices.Contains(all, kind)
}

// acknowledged waits until all that was sent is acknowledged, or refused, and nothing more is sent.
func (s *settling) acknowledged(ctx context.Context) error {
	last, since := "", time.Now()
	return again(ctx, func() (bool, error) {
		proxies, err := s.istiod.proxies(ctx, s.among)
		if err != nil {
			return false, err
		}
		var waiting, refused []string
		sent := ""
		for _, p := range proxies {
			w, r, versions := p.unacknowledged()
			if p.namespace != s.namespace { // somebody else's rule is not this change's fault
				r = slices.DeleteFunc(r, func(text string) bool { return slices.Contains(s.before.refused, text) })
			}
			waiting, refused = append(waiting, w...), append(refused, r...)
			sent += versions
		}
		s.missing = append(refused, waiting...)
		if sent != last {
			last, since = sent, time.Now()
		}
		if time.Since(since) < sending || len(waiting) > 0 {
			return false, nil
		}
		if len(refused) > 0 {
			return false, &UnsettledError{Changes: s.changes, Missing: refused}
		}
		return true, nil
	})
}

// unacknowledged is what the proxy lacks, what it refuses, and all that was sent to it.
func (p proxy) unacknowledged() (waiting, refused []string, sent string) {
	for _, kind := range slices.Sorted(maps.Keys(p.resources)) {
		e := p.resources[kind]
		sent += e.Sent + " "
		short := kind[strings.LastIndex(kind, ".")+1:]
		switch {
		case e.LastError != "":
			refused = append(refused, fmt.Sprintf("%s refuses its %s: %s", p.name, short, strings.Join(strings.Fields(e.LastError), " ")))
		case e.Sent != e.Acked:
			waiting = append(waiting, fmt.Sprintf("%s has not acknowledged its %s within %v", p.name, short, settleWithin))
		}
	}
	return waiting, refused, sent
}

// again asks until it is so, or ctx ends.
func again(ctx context.Context, so func() (bool, error)) error {
	for {
		if ok, err := so(); ok || err != nil {
			return err
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
