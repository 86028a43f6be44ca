package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Admin asks a running Envoy about itself, over the unix socket of its administration.
type Admin struct {
	client *http.Client
}

// NewAdmin asks the Envoy whose administration listens on socket.
func NewAdmin(socket string) *Admin {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &Admin{client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
	}}
}

// Ready is nil when Envoy has its first configuration and serves.
func (a *Admin) Ready(ctx context.Context) error {
	_, err := a.Get(ctx, "/ready", nil)
	return err
}

// Stat is one number that Envoy keeps, or the text of a histogram.
type Stat struct {
	Name  string
	Value string
}

// Stats are those that were ever counted and whose names a regular expression matches; "" is all.
func (a *Admin) Stats(ctx context.Context, filter string) ([]Stat, error) {
	query := url.Values{"usedonly": nil}
	if filter != "" {
		query.Set("filter", filter)
	}
	text, err := a.Get(ctx, "/stats", query)
	if err != nil {
		return nil, err
	}
	var stats []Stat
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); ok {
			stats = append(stats, Stat{Name: name, Value: value})
		}
	}
	return stats, nil
}

// Config is Envoy's own view of a part of its configuration, as JSON: resource is
// dynamic_listeners, dynamic_route_configs, dynamic_active_clusters or
// dynamic_endpoint_configs, and name a regular expression for the names in it.
func (a *Admin) Config(ctx context.Context, resource, name string) ([]byte, error) {
	query := url.Values{"resource": {resource}}
	if name != "" {
		query.Set("name_regex", name)
	}
	if resource == "dynamic_endpoint_configs" {
		query.Set("include_eds", "")
	}
	return a.Get(ctx, "/config_dump", query)
}

// Get is the answer to any question of the administration, such as /clusters?format=json.
func (a *Admin) Get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	u := url.URL{Scheme: "http", Host: "envoy", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		if inner := errors.Unwrap(err); inner != nil { // without the made-up address
			err = inner
		}
		return nil, fmt.Errorf("envoy: %s: %w", path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("envoy: %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("envoy: %s: %s: %s", path, resp.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}
