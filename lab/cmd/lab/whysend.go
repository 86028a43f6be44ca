package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
)

// sendFlags are of a request that is sent to be explained.
type sendFlags struct {
	on      bool
	method  string
	headers []string
	from    string
}

func (s *sendFlags) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&s.on, "send", false, "send a request and explain its answer; the argument is then its path, or its URL")
	flags.StringVarP(&s.method, "request", "X", http.MethodGet, "with --send: method")
	flags.StringArrayVarP(&s.headers, "header", "H", nil, "with --send: header, 'NAME: VALUE'; may be repeated")
	flags.StringVar(&s.from, "from", "", "with --send: Deployment that sends it, in place of a client of the ingress")
}

func (s *sendFlags) check(cmd *cobra.Command) error {
	for _, name := range []string{"request", "header", "from"} {
		if cmd.Flags().Changed(name) && !s.on {
			return misusef("--%s is for --send", name)
		}
	}
	return nil
}

// sendWithin bounds a request that is sent: it is more than any lesson's delays together.
const sendWithin = time.Minute

// ask sends a request and explains it. It is known again by the address from which it came.
func (w *whyFlags) ask(ctx context.Context, args []string) error {
	target, proxy, err := w.target(ctx, args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	since := time.Now().Add(-time.Second)
	client, body, err := w.send.do(ctx, target, proxy)
	if err != nil {
		return err
	}
	answer, err := w.client.Requests(ctx, control.RequestQuery{
		Query: traffic.Query{Client: client, Since: since, Last: 1}, Wait: 2 * time.Second,
	})
	if err != nil {
		return err
	}
	w.dropped(answer)
	if len(answer.List) == 0 {
		return errors.New("the proxy's log does not have the request that was sent")
	}
	if w.format == "json" || w.not != "" {
		return w.show(answer.List...)
	}
	w.printer().why(answer.List[0], body)
	return nil
}

// target is what is asked, and by way of which proxy.
func (w *whyFlags) target(ctx context.Context, args []string) (string, *url.URL, error) {
	path := "/"
	if len(args) > 0 {
		path = args[0]
	}
	if w.send.from != "" {
		if !strings.Contains(path, "://") {
			return "", nil, misusef("--from: want the address to call, such as http://preference:8080")
		}
		proxy, err := w.sidecar(ctx)
		return path, proxy, err
	}
	status, err := w.client.Status(ctx)
	if err != nil {
		return "", nil, err
	}
	if strings.Contains(path, "://") {
		u, err := url.Parse(path)
		if err != nil {
			return "", nil, misuse{err}
		}
		w.send.headers = append([]string{"Host: " + u.Host}, w.send.headers...)
		path = u.RequestURI()
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return status.Ingress + path, nil, nil
}

// sidecar is the address of the one of the Deployment's first pod.
func (w *whyFlags) sidecar(ctx context.Context) (*url.URL, error) {
	config, err := w.client.ProxyConfig(ctx, control.ProxyQuery{
		Selection: w.selection([]string{"deployment/" + w.send.from}, ""), Part: "listeners",
	})
	if err != nil {
		return nil, err
	}
	for _, row := range config.Table.Rows {
		if len(row.Cells) == 2 && row.Cells[0] == "outbound" { // NAME, ADDRESS
			return &url.URL{Scheme: "http", Host: row.Cells[1]}, nil
		}
	}
	return nil, objects.Errorf(objects.NotFound, "deployment %q has no pod whose sidecar takes calls", w.send.from)
}

// mostShown is how much of an answer is shown.
const mostShown = 4 << 10

// do sends the request; from is the address that it came from.
func (s *sendFlags) do(ctx context.Context, target string, proxy *url.URL) (from, body string, err error) {
	header, err := parseHeaders(s.headers, "lab")
	if err != nil {
		return "", "", err
	}
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { from = c.Conn.LocalAddr().String() }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), s.method, target, nil)
	if err != nil {
		return "", "", misuse{err}
	}
	req.Header, req.Host = header, header.Get("Host")
	transport := &http.Transport{
		Proxy: http.ProxyURL(proxy), DisableKeepAlives: true, DisableCompression: true,
		DialContext: (&net.Dialer{}).DialContext,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	resp, err := client.Do(req)
	if err != nil {
		return "", "", fmt.Errorf("send: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, mostShown))
	if err != nil {
		return "", "", fmt.Errorf("send: %w", err)
	}
	return from, strings.TrimSpace(string(data)), nil
}
