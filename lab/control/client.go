package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"syscall"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
)

// ErrNotRunning says that no lab answers.
var ErrNotRunning = errors.New("no lab is running")

// Client asks a lab. What the lab refuses is an [*objects.Error]; without a lab, every error is
// ErrNotRunning, and ErrSilent where one has been stopped. It serves any number of goroutines.
type Client struct {
	folder Folder
	http   *http.Client
}

// NewClient returns a client of the lab in a folder; it connects when it asks.
func NewClient(folder Folder) *Client {
	var d net.Dialer
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "unix", folder.Socket())
	}
	return &Client{folder: folder, http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Status is the lab at a glance.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, "status", nil)
}

// Change does what a verb says, and returns when the proxy has acknowledged it. Of Delete, both
// the results and an error may be there.
func (c *Client) Change(ctx context.Context, change Change) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "change", change)
}

// Delete deletes objects by name; both the results and an error may be there. It does not wait for
// the end of pods, as Gone does.
func (c *Client) Delete(ctx context.Context, s objects.Selection) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "delete", s)
}

// Gone returns when the pods among some objects have ended.
func (c *Client) Gone(ctx context.Context, refs []objects.Ref) error {
	_, err := ask[bool](ctx, c, "gone", refs)
	return err
}

// Get is a table for each kind that is selected; of names, each must be there.
func (c *Client) Get(ctx context.Context, s objects.Selection) ([]Table, error) {
	return ask[[]Table](ctx, c, "get", s)
}

// Watch yields what Get returns, and then a table of the rows that changed, whenever some did.
func (c *Client) Watch(ctx context.Context, s objects.Selection) iter.Seq2[[]Table, error] {
	return stream[[]Table](ctx, c, "watch", s)
}

// Describe tells all of some objects.
func (c *Client) Describe(ctx context.Context, s objects.Selection) ([]Description, error) {
	return ask[[]Description](ctx, c, "describe", s)
}

// Scale sets replicas. It does not wait for the pods, as Rollout does.
func (c *Client) Scale(ctx context.Context, s Scale) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "scale", s)
}

// Restart replaces the pods of Deployments. It does not wait for them, as Rollout does.
func (c *Client) Restart(ctx context.Context, sel objects.Selection) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "restart", sel)
}

// SetEnv sets variables. It does not wait for the pods, as Rollout does.
func (c *Client) SetEnv(ctx context.Context, s SetEnv) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "set-env", s)
}

// Reset puts the lab back to its start. It does not wait for the pods, as Rollout does.
func (c *Client) Reset(ctx context.Context, r Reset) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "reset", r)
}

// Rollout yields a sentence whenever something is done, until all pods of the selected
// Deployments are as they should be.
func (c *Client) Rollout(ctx context.Context, s objects.Selection) iter.Seq2[string, error] {
	return stream[string](ctx, c, "rollout", s)
}

// Logs yields lines, without their ends.
func (c *Client) Logs(ctx context.Context, q LogQuery) iter.Seq2[string, error] {
	return stream[string](ctx, c, "logs", q)
}

// Routes are the routes of the rules in force.
func (c *Client) Routes(ctx context.Context, q routes.Query) ([]routes.Table, error) {
	return ask[[]routes.Table](ctx, c, "routes", q)
}

// Analyze is what there is to say about the objects in force.
func (c *Client) Analyze(ctx context.Context) ([]objects.Finding, error) {
	return ask[[]objects.Finding](ctx, c, "analyze", nil)
}

// Stats are the proxy's counters, in the order of their names.
func (c *Client) Stats(ctx context.Context, q StatsQuery) ([]Stat, error) {
	return ask[[]Stat](ctx, c, "stats", q)
}

// ProxyConfig is a part of the proxy's configuration.
func (c *Client) ProxyConfig(ctx context.Context, q ProxyQuery) (ProxyConfig, error) {
	return ask[ProxyConfig](ctx, c, "proxy-config", q)
}

// ProxyLogs yields the lines of the proxy's own log.
func (c *Client) ProxyLogs(ctx context.Context, q LogQuery) iter.Seq2[string, error] {
	return stream[string](ctx, c, "proxy-logs", q)
}

// Metrics is what rules of kind metric count, in Prometheus' text format.
func (c *Client) Metrics(ctx context.Context) (string, error) {
	return ask[string](ctx, c, "metrics", nil)
}

// First reports whether nobody has asked this of the lab before, in these words.
func (c *Client) First(ctx context.Context, words string) (bool, error) {
	return ask[bool](ctx, c, "first", words)
}

// Down ends the lab and returns when nothing of it runs any more.
func (c *Client) Down(ctx context.Context) error {
	if _, err := ask[bool](ctx, c, "down", nil); err != nil {
		return err
	}
	return c.folder.waitFree(ctx)
}

func ask[T any](ctx context.Context, c *Client, method string, request any) (T, error) {
	var answer T
	err := fmt.Errorf("%s: the lab did not answer", method)
	for answer, err = range stream[T](ctx, c, method, request) {
		break
	}
	return answer, err
}

// stream yields the answers; an error is the last.
func stream[T any](ctx context.Context, c *Client, method string, request any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		go c.watch(ctx, end)
		body, err := c.post(ctx, method, request)
		if err != nil {
			yield(none, silentOr(ctx, err))
			return
		}
		defer body.Close()
		for answers := json.NewDecoder(body); ; {
			var r Reply[T]
			err := answers.Decode(&r)
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(none, silentOr(ctx, fmt.Errorf("%s: the lab broke off: %w", method, err)))
				return
			case r.Error != nil:
				yield(r.Value, r.Error)
				return
			case !yield(r.Value, nil):
				return
			}
		}
	}
}

// silentOr is ErrSilent where that is what ended a question.
func silentOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrSilent) {
		return cause
	}
	return err
}

func (c *Client) post(ctx context.Context, method string, request any) (io.ReadCloser, error) {
	data, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	url := "http://lab/" + method // the host is the socket
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var resp *http.Response
	if err = c.folder.checkPrivate(); err == nil {
		resp, err = c.http.Do(req)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s: this lab is of another build: %s", method, resp.Status)
	}
	return resp.Body, nil
}
