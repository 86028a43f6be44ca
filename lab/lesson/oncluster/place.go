package oncluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/load"
	"istio-tutorial/lab/objects"
)

// place is the namespace, for one page.
type place struct {
	ground     *Ground
	ended      func() bool // the run is over: nothing need be put back
	misbehaves bool        // a page has told a program to
	sent       time.Time   // when the requests of a check were last over
	// same are the routes that the last command has left as they were, as kubectl writes them.
	same map[string]bool
}

var _ lesson.Place = (*place)(nil)

// Folder is the pages' copy of the repository.
func (p *place) Folder() string { return p.ground.dir }

// Env has bin/lab act on the cluster.
func (p *place) Env() []string {
	g := p.ground
	return append(g.Environ[:len(g.Environ):len(g.Environ)],
		"LAB_ON="+book.Cluster, "LAB_NAMESPACE="+g.Tools.Namespace, "CUSTOMER_URL="+g.way.url(),
		"CUSTOMER_TLS="+g.door.address, "LAB_HINTS=off", "LAB_ECHO=0")
}

// Send sends requests to the gateway, or has the program of a pod send them, one after the other.
func (p *place) Send(ctx context.Context, from string, cfg load.Config) (load.Summary, error) {
	if err := p.merged(ctx); err != nil {
		return load.Summary{}, err
	}
	defer func() { p.sent = time.Now() }()
	cfg.Then = p.noted
	switch {
	case from == "" && cfg.TLS != nil:
		cfg.Address = p.ground.door.address // as curl's --connect-to
		return load.Run(ctx, cfg)
	case from == "":
		cfg.URL = p.ground.way.url()
		return load.Run(ctx, cfg)
	}
	list, err := p.ground.pods.of(from)
	if err != nil {
		return load.Summary{}, err
	}
	if len(list) == 0 {
		return load.Summary{}, objects.Errorf(objects.NotFound, "deployment %s: it has no pod that is ready", from)
	}
	w := p.ground.pods.seen.deployments[from]
	began := time.Now()
	for range cfg.Users * cfg.Requests {
		hit, err := p.get(ctx, list[0].name, w, cfg.URL)
		if err != nil {
			return load.Summary{}, err
		}
		cfg.Each(hit)
	}
	return load.Summary{Elapsed: time.Since(began)}, nil
}

// get has the program of a pod ask once: images have no curl.
func (p *place) get(ctx context.Context, pod string, w workload, url string) (load.Hit, error) {
	var out, words bytes.Buffer
	hit := load.Hit{Began: time.Now(), Status: http.StatusOK, Path: url}
	err := p.ground.Tools.Run(ctx, cluster.Line{
		Tool: cluster.Kubectl, Args: []string{"exec", pod, "-c", w.container, "--", w.program, "get", url},
	}, cluster.Streams{Out: &out, Err: &words})
	hit.Took, hit.Body = time.Since(hit.Began), out.Bytes()
	exit, failed := errors.AsType[*cluster.ExitError](err)
	switch {
	case failed && exit.Status == 1:
		hit.Status, hit.Err = refusal(w.program, words.String())
		return hit, nil
	case err != nil:
		return hit, fmt.Errorf("from %s: %w: %s", pod, err, words.String())
	}
	return hit, nil
}

// status is what a program says of an answer of 400 and above, behind its address.
var status = regexp.MustCompile(`^\S+: \S+: (\d{3}) `)

// refusal is the status of an answer that a program calls an error, or why it had none.
func refusal(program, words string) (int, error) {
	first, _, _ := strings.Cut(words, "\n")
	if m := status.FindStringSubmatch(first); m != nil {
		code, err := strconv.Atoi(m[1])
		return code, err
	}
	return 0, errors.New(strings.TrimPrefix(first, program+": "))
}

// Logs are what the programs of all pods of a Deployment have written since a time.
func (p *place) Logs(ctx context.Context, workload string, since time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		w, ok := p.ground.pods.seen.deployments[workload]
		if !ok {
			yield("", objects.Errorf(objects.NotFound, "deployments.apps %q not found", workload))
			return
		}
		var labels []string
		for k, v := range w.labels {
			labels = append(labels, k+"="+v)
		}
		slices.Sort(labels)
		text, err := p.ground.kubectl(ctx, "", "logs", "-l", strings.Join(labels, ","), "-c", w.container,
			"--tail=-1", "--max-log-requests=20", "--since-time="+since.UTC().Format(time.RFC3339))
		if err != nil {
			yield("", err)
			return
		}
		for line := range strings.Lines(text) {
			if !yield(strings.TrimSuffix(line, "\n"), nil) {
				return
			}
		}
	}
}

// State is every object but pods, by kind and name.
func (p *place) State(ctx context.Context) (map[string]string, error) { return p.ground.state(ctx) }

// Close puts the namespace back, and lets the next page have it. Where that fails, the namespace is made anew.
func (p *place) Close() error {
	g := p.ground
	defer g.one.Unlock()
	if p.ended() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	if err := g.restore(ctx, p.misbehaves); err != nil {
		g.Say("not put back: " + err.Error())
		g.ready = false
		return g.remove(ctx, g.Tools.Namespace)
	}
	return nil
}
