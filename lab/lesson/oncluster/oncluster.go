// Package oncluster is a Kubernetes with an Istio as the ground of lessons: one namespace of its own, with
// the chain and a way in, in which the pages are run one after the other.
package oncluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
)

// Ground is a cluster. Close must be called, whatever came of it.
type Ground struct {
	// Tools run kubectl and istioctl; their namespace is the one that is made. Required.
	Tools cluster.Tools
	// Folder is the repository. Required.
	Folder string
	// Environ is the environment of commands, KEY=VALUE. Required.
	Environ []string
	// Reuse takes a namespace that an earlier run has left.
	Reuse bool
	// Outside makes hosts outside, so that pages that call them need no internet.
	Outside bool
	// Internet is that pages call the real ones.
	Internet bool
	// Keep leaves all in the cluster in the end.
	Keep bool
	// Say is told what is done, a line at a time. Required.
	Say func(line string)

	one   sync.Mutex // the pages are run one after the other
	made  []string   // the namespaces of ours that are in the cluster
	ready bool       // all of it is as every page expects it
	// edition is that of the pages for which it was made.
	edition string
	dir     string // the pages' copy of the repository
	world   *world
	way     *way // for plain text
	door    *way // for TLS
	pods    *pods
	base    map[string]string // the state to which a page must come back
}

var _ lesson.Ground = (*Ground)(nil)

// Name is book.Cluster.
func (g *Ground) Name() string { return book.Cluster }

// Start returns the namespace as every page expects it; it is made by the first that starts.
func (g *Ground) Start(ctx context.Context, edition string, _ int) (lesson.Place, error) {
	g.one.Lock()
	if err := g.prepare(ctx, edition); err != nil {
		g.one.Unlock()
		return nil, err
	}
	return &place{ground: g, ended: func() bool { return ctx.Err() != nil }}, nil
}

func (g *Ground) prepare(ctx context.Context, edition string) error {
	if g.ready && g.edition == edition {
		return nil
	}
	if g.edition != edition {
		if err := g.end(ctx); err != nil {
			return err
		}
		g.edition = edition
	}
	if err := g.make(ctx); err != nil {
		return err
	}
	state, err := g.state(ctx)
	if err != nil {
		return err
	}
	g.base, g.ready = state, true
	return nil
}

// restore puts back what a page has left: what is too much is deleted; where more is wrong, all is made anew.
func (g *Ground) restore(ctx context.Context, misbehaves bool) error {
	if misbehaves {
		if _, err := g.kubectl(ctx, "", "exec", "deployment/recommendation-v1", "-c", "recommendation", "--", "recommendation", "behave"); err != nil {
			return err
		}
	}
	now, err := g.state(ctx)
	if err != nil {
		return err
	}
	extra, beside := excess(g.base, now)
	same := true
	for name, was := range g.base {
		same = same && now[name] == was
	}
	if !same {
		g.Say("the page has left the chain changed: making it anew")
		g.ready = false
		return g.remove(ctx, g.Tools.Namespace)
	}
	return g.takeAway(ctx, extra, beside)
}

// takeAway deletes objects of the namespace, and some beside the gateway.
func (g *Ground) takeAway(ctx context.Context, extra, beside []string) error {
	if len(extra)+len(beside) == 0 {
		return nil
	}
	g.Say("deleting what the page has left: " + strings.Join(append(slices.Clone(extra), beside...), " "))
	if len(extra) > 0 {
		if _, err := g.kubectl(ctx, "", append([]string{"delete", "--ignore-not-found"}, extra...)...); err != nil {
			return err
		}
	}
	if len(beside) > 0 {
		if _, err := g.atGateway(ctx, "", append([]string{"delete", "--ignore-not-found"}, beside...)...); err != nil {
			return err
		}
	}
	return g.settle(ctx)
}

// excess are the objects that were not there before, KIND/NAME, in order: of the namespace, and beside the gateway.
func excess(before, now map[string]string) (extra, beside []string) {
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, known := before[name]; known {
			continue
		}
		own, isBeside := strings.CutSuffix(name, atGateway)
		own = strings.Replace(own, " ", "/", 1)
		if isBeside {
			beside = append(beside, own)
		} else {
			extra = append(extra, own)
		}
	}
	return extra, beside
}

// closing bounds what is done after the end of a page or of a run, whatever ended it.
const closing = 3 * time.Minute

// Close takes away all that was made, unless it is to be kept, and returns once it is gone.
func (g *Ground) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	if g.Keep {
		g.made = nil
	}
	return g.end(ctx)
}

// end takes away all that was made.
func (g *Ground) end(ctx context.Context) error {
	g.ready = false
	g.closeWays()
	if g.pods != nil {
		g.pods.close()
	}
	var errs []error
	if g.dir != "" {
		errs = append(errs, os.RemoveAll(g.dir))
	}
	g.pods, g.world, g.dir = nil, nil, ""
	return errors.Join(append(errs, g.remove(ctx, g.made...))...)
}

// kubectl runs a line of kubectl in the namespace, and returns what it prints.
func (g *Ground) kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	return g.Tools.Output(ctx, stdin, cluster.Line{Tool: cluster.Kubectl, Args: args})
}

// again asks until there is nothing more to wait for; the error has what was awaited last.
func again(parent context.Context, within time.Duration, pending func() (string, error)) error {
	ctx, cancel := context.WithTimeout(parent, within)
	defer cancel()
	last := ""
	for {
		what, err := pending()
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil && what == "" {
			return nil
		}
		if err == nil {
			last = what
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			if parent.Err() != nil {
				return context.Cause(parent)
			}
			return fmt.Errorf("after %v: %s", within, last)
		}
	}
}

const askAgain = 100 * time.Millisecond
