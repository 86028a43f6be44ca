package oncluster

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"istio-tutorial/lab/lesson"
)

// adminPort is where a proxy tells its own pod about itself; a tunnel ends in the pod.
const adminPort = "15000"

// answers is how long a proxy may take to tell.
const answers = 10 * time.Second

// ask reads what the proxy of a pod tells, line by line. A tunnel that broke is opened anew, once.
func (p *pods) ask(ctx context.Context, pod, path string, line func(string)) error {
	err := p.askOnce(ctx, pod, path, line)
	if err == nil || ctx.Err() != nil {
		return err
	}
	p.mu.Lock()
	if broken := p.proxies[pod]; broken.address != "" {
		broken.close()
		delete(p.proxies, pod)
	}
	p.mu.Unlock()
	if err := p.connect(ctx); err != nil {
		return err
	}
	return p.askOnce(ctx, pod, path, line)
}

func (p *pods) askOnce(ctx context.Context, pod, path string, line func(string)) error {
	p.mu.Lock()
	to := p.proxies[pod]
	p.mu.Unlock()
	if to.address == "" {
		return fmt.Errorf("pod %s has no sidecar", pod)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+to.address+path, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: answers}
	defer client.CloseIdleConnections()
	res, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("pod %s: %w", pod, err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		line(lines.Text())
	}
	return lines.Err()
}

// stats are the counters and gauges of a proxy by the pattern of their names. Istio ends some parts of a name
// by a semicolon, which is left out.
func (p *pods) stats(ctx context.Context, pod, pattern string) (map[string]int, error) {
	values := map[string]int{}
	err := p.ask(ctx, pod, "/stats?filter="+url.QueryEscape(pattern), func(line string) {
		name, value, ok := strings.Cut(line, ": ")
		if n, err := strconv.Atoi(value); ok && err == nil { // others are histograms
			values[strings.ReplaceAll(name, ";", "")] = n
		}
	})
	return values, err
}

// Stats are those of the proxies of all pods of a Deployment, or of the gateway.
func (p *place) Stats(ctx context.Context, workload, name string) (map[string]int, error) {
	list, err := p.ground.pods.of(workload)
	if err != nil {
		return nil, err
	}
	all := map[string]int{}
	for _, pod := range list {
		values, err := p.ground.pods.stats(ctx, pod.name, pattern(name, p.ground.Tools.Namespace))
		if err != nil {
			return nil, err
		}
		for name, n := range values {
			all[pod.name+" "+name] = n
		}
	}
	if len(all) == 0 {
		return nil, lesson.ErrNoCounter
	}
	return all, nil
}

// pattern is that of the names that end so, in a namespace.
func pattern(name, namespace string) string {
	name = strings.ReplaceAll(name, "."+origin+".", "."+namespace+".")
	return `(^|\.)` + strings.ReplaceAll(regexp.QuoteMeta(name), `\.`, `;?\.`) + `$`
}
