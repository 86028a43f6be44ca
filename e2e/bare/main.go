// Command bare is one service of the bare chain, which figures of the chain are compared
// with: what net/http alone costs, wired as the services are, and nothing else.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

// run serves on $LISTEN_ON until ctx is cancelled. It asks $NEXT_URL, if that is set, and
// answers with $NAME and what that said; else it counts.
func run(ctx context.Context, getenv func(string) string) error {
	listener, err := net.Listen("tcp", getenv("LISTEN_ON"))
	if err != nil {
		return err
	}
	handler := count()
	if next := getenv("NEXT_URL"); next != "" {
		handler = relay(getenv("NAME"), next)
	}
	fmt.Printf("{\"msg\":\"listening\",\"on\":%q}\n", listener.Addr())
	server := &http.Server{Handler: handler}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

func count() http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "recommendation v1 from 'unknown': %d\n", n.Add(1))
	}
}

func relay(name, next string) http.HandlerFunc {
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 512, IdleConnTimeout: 30 * time.Second, DisableCompression: true}}
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := get(r.Context(), client, next)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "%s => %s\n", name, strings.TrimSpace(body))
	}
}

func get(ctx context.Context, client *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}
