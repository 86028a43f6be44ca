package onlab

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/load"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"

	"go.yaml.in/yaml/v3"
)

// Place is a running lab, for one page.
type Place struct {
	// Client asks the lab.
	Client *control.Client
	// Ingress is the lab's, a URL.
	Ingress string
	// Secure is where its ingress takes encrypted connections, HOST:PORT.
	Secure string
	// Page is the URL of its live page; "": it has none.
	Page string

	folder string
	env    []string
	audit  *Audit
	end    func() error // nil: the lab is not the page's to end
}

var (
	_ lesson.Place     = (*Place)(nil)
	_ lesson.Explainer = (*Place)(nil)
	_ lesson.Auditor   = (*Place)(nil)
)

// Env has bin/lab act on this lab.
func (p *Place) Env() []string { return p.env }

// Folder is the repository.
func (p *Place) Folder() string { return p.folder }

// Types is the command as it stands: the lab has all verbs.
func (p *Place) Types(command string) (typed, why string) { return command, "" }

// Compare changes nothing: the pages have the lab's words.
func (p *Place) Compare(says, printed []string) (said, came []string) { return says, printed }

// Settle has nothing to wait for: a verb returns when Envoy has acknowledged.
func (p *Place) Settle(context.Context, string) error { return nil }

// Send sends requests, those of a pod to the listener of its sidecar.
func (p *Place) Send(ctx context.Context, from string, cfg load.Config) (load.Summary, error) {
	switch {
	case from == "" && cfg.TLS == nil:
		cfg.URL = p.Ingress
		return load.Run(ctx, cfg)
	case from == "" && p.Secure == "":
		return load.Summary{}, errors.New("tls: nobody says where the ingress takes encrypted requests")
	case from == "":
		cfg.Address = p.Secure // as curl's --connect-to
		return load.Run(ctx, cfg)
	}
	var err error
	if cfg.Proxy, err = p.sidecar(ctx, from); err != nil {
		return load.Summary{}, err
	}
	return load.Run(ctx, cfg)
}

// sidecar is the address at which the first pod of a Deployment finds its sidecar.
func (p *Place) sidecar(ctx context.Context, workload string) (*url.URL, error) {
	config, err := p.Client.ProxyConfig(ctx, control.ProxyQuery{
		Selection: deployment(workload), Part: "listeners",
	})
	if err != nil {
		return nil, err
	}
	for _, row := range config.Table.Rows {
		if len(row.Cells) == 2 && row.Cells[0] == "outbound" { // NAME, ADDRESS
			return &url.URL{Scheme: "http", Host: row.Cells[1]}, nil
		}
	}
	return nil, fmt.Errorf("from: %s: its sidecar takes no calls", workload)
}

// Stats are those of a Deployment's first pod's proxy, or of the ingress.
func (p *Place) Stats(ctx context.Context, workload, name string) (map[string]int, error) {
	query := control.StatsQuery{
		Selection: deployment(workload), Filter: `(^|\.)` + regexp.QuoteMeta(name) + `$`,
	}
	if workload == lesson.Ingress {
		query = control.StatsQuery{Filter: `@ingress\b.*\.` + regexp.QuoteMeta(name) + `$`}
	}
	list, err := p.Client.Stats(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, lesson.ErrNoCounter
	}
	values := map[string]int{}
	for _, s := range list {
		if values[s.Name], err = strconv.Atoi(s.Value); err != nil {
			return nil, fmt.Errorf("%s: %s: not a number", s.Name, s.Value)
		}
	}
	return values, nil
}

// Logs are the lines of all pods of a Deployment.
func (p *Place) Logs(ctx context.Context, workload string, _ time.Time) iter.Seq2[string, error] {
	return p.Client.Logs(ctx, control.LogQuery{Selection: deployment(workload)})
}

// Requests are the lab's record.
func (p *Place) Requests(ctx context.Context, since time.Time) ([]*traffic.Request, error) {
	known, err := p.Client.Requests(ctx, control.RequestQuery{Query: traffic.Query{Since: since}})
	return known.List, err
}

const namespace = "istio-tutorial"

func deployment(name string) objects.Selection {
	return objects.Selection{Args: []string{"deployment/" + name}, Namespace: namespace}
}

const kept = "deployments,services,serviceaccounts,ingresses"

// State is every object but pods, by kind and name.
func (p *Place) State(ctx context.Context) (map[string]string, error) {
	status, err := p.Client.Status(ctx)
	if err != nil {
		return nil, err
	}
	state := map[string]string{}
	for _, rule := range status.Rules {
		state[rule.Type+" "+rule.Name] = "rule"
	}
	tables, err := p.Client.Get(ctx, objects.Selection{Args: []string{kept}, Namespace: namespace})
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		for _, row := range t.Rows {
			if state[row.Resource+" "+row.Name], err = meaning(row.YAML); err != nil {
				return nil, err
			}
		}
	}
	return state, nil
}

// meaning is YAML without its comments and the order of its fields: a verb that changes a field,
// and changes it back, leaves neither. Its status is that of a moment: pods may still be ending.
func meaning(text string) (string, error) {
	var value map[string]any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return "", err
	}
	delete(value, "status")
	plain, err := yaml.Marshal(value)
	return string(plain), err
}

const (
	// loggedLines is how much of the proxy's log a failure shows.
	loggedLines = 20
	// flushed is in what time Envoy has written what it logs, and more: it collects lines for 20 ms.
	flushed = 100 * time.Millisecond
)

// Clues are the end of the proxy's log, once nothing is added to it any more, or after a second.
func (p *Place) Clues(ctx context.Context) []string {
	list := p.tail(ctx)
	for range time.Second / flushed {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(flushed):
		}
		before := list
		if list = p.tail(ctx); slices.Equal(before, list) {
			break
		}
	}
	if len(list) == 0 {
		return nil // a lab that is gone has none
	}
	return append([]string{"the end of the proxy's log:"}, list...)
}

// tail is the end of the proxy's log as it is now.
func (p *Place) tail(ctx context.Context) (list []string) {
	lines := loggedLines
	for line, err := range p.Client.ProxyLogs(ctx, control.LogQuery{Tail: &lines}) {
		if err != nil {
			return list
		}
		list = append(list, "  "+line)
	}
	return list
}

// Close ends the lab and all that it started, if it was started for the page.
func (p *Place) Close() error {
	if p.end == nil {
		return nil
	}
	return p.end()
}
