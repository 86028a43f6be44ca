// Package servicetest runs programs inside a test as their main functions do, on ports of the
// system's choice, and waits for conditions.
package servicetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/service"
)

// Instance is a program that serves. Make it with Start.
type Instance struct {
	URL     string // where it answers
	Address string // the same as host:port
	Metrics string // the address of its metrics, or empty

	t           testing.TB
	cancel      context.CancelFunc
	out, errOut Buffer
	status      chan int
}

// Start runs the program until the test ends, which fails unless it ends with status 0. The
// environment beats what a test needs: free ports, a log in JSON, and no drain.
func Start(t testing.TB, p service.Program, env map[string]string) *Instance {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	i := &Instance{t: t, cancel: cancel, status: make(chan int, 1)}
	go func() { i.status <- service.Main(ctx, p, process(&i.out, &i.errOut, env)) }()
	t.Cleanup(func() {
		if status := i.End(); status != 0 {
			t.Errorf("%s ended with status %d: %s", p.Name, status, i.errOut.String())
		}
	})
	Until(t, i.listening)
	return i
}

func (i *Instance) listening() error {
	select {
	case status := <-i.status:
		i.status <- status
		i.t.Fatalf("ended with status %d: %s", status, i.errOut.String())
	default:
	}
	lines := i.Log("listening")
	if len(lines) == 0 {
		return errors.New("no line in the log says where it listens")
	}
	i.Address = fmt.Sprint(lines[0]["on"])
	i.URL = "http://" + i.Address
	if on, ok := lines[0]["metrics"]; ok {
		i.Metrics = fmt.Sprintf("http://%v/metrics", on)
	}
	return nil
}

// Stop tells the program to end, and does not wait for that.
func (i *Instance) Stop() { i.cancel() }

// Ended reports whether the program has ended.
func (i *Instance) Ended() bool { return len(i.status) > 0 }

// End tells the program to end, waits until it did, and returns its exit status.
func (i *Instance) End() int {
	i.t.Helper()
	http.DefaultClient.CloseIdleConnections() // one that was never used would keep it for 5 s
	i.cancel()
	status := Receive(i.t, "the program's end", i.status)
	i.status <- status
	return status
}

// Log returns the lines with the message that the log has so far.
func (i *Instance) Log(message string) []map[string]any {
	i.t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(i.out.String()) {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			i.t.Fatalf("a line of the log: %v: %q", err, line)
		}
		if fields["msg"] == message {
			lines = append(lines, fields)
		}
	}
	return lines
}

// Result is what a program left that ended by itself.
type Result struct {
	Status         int
	Stdout, Stderr string
}

// Run runs the program with the arguments until it ends.
func Run(t testing.TB, p service.Program, env map[string]string, args ...string) Result {
	t.Helper()
	var out, errOut Buffer
	in := process(&out, &errOut, env)
	in.Args = args
	status := make(chan int, 1)
	go func() { status <- service.Main(t.Context(), p, in) }()
	return Result{Receive(t, "the program's end", status), out.String(), errOut.String()}
}

func process(out, errOut *Buffer, env map[string]string) service.Process {
	return service.Process{Stdout: out, Stderr: errOut, Getenv: func(name string) string {
		if value, ok := env[name]; ok {
			return value
		}
		return map[string]string{"LISTEN_ON": "127.0.0.1:0", "METRICS_ON": "127.0.0.1:0",
			"DRAIN": "0s", "LOG_FORMAT": "json"}[name]
	}}
}

// Buffer keeps what is written to it, and can be read meanwhile. The zero value is ready.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns all that was written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
