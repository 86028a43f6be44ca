// Package load asks a server as fast as it answers.
package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// connections is how many callers there are, each with one connection and one request at a time.
const connections = 16

// Result is what a server did. All answers had status 200.
type Result struct {
	Answers int64
	Took    time.Duration
}

// PerSecond returns the throughput.
func (r Result) PerSecond() float64 { return float64(r.Answers) / r.Took.Seconds() }

// For asks url as long as duration says.
func For(url string, duration time.Duration) (Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	return run(ctx, url, 1<<62)
}

// Times asks url as many times as requests says.
func Times(url string, requests int64) (Result, error) {
	return run(context.Background(), url, requests)
}

// run asks until ctx is done or the requests are used up, and finishes those it has begun.
func run(ctx context.Context, url string, requests int64) (Result, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var callers sync.WaitGroup
	var sent, answers atomic.Int64
	failures := make(chan error, connections)
	start := time.Now()
	for range connections {
		callers.Go(func() {
			for ctx.Err() == nil && sent.Add(1) <= requests {
				if err := ask(client, url); err != nil {
					failures <- err
					return
				}
				answers.Add(1)
			}
		})
	}
	callers.Wait()
	close(failures)
	return Result{answers.Load(), time.Since(start)}, <-failures
}

func ask(client *http.Client, url string) error {
	res, err := client.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	return nil
}
