package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Forward is a port of a pod or a Service, on this machine.
type Forward struct {
	Address string // HOST:PORT
	stop    context.CancelFunc
	ended   chan struct{}
}

// Forward opens a port of a target, such as service/customer-gateway-istio, until Close or the end of ctx.
func (t Tools) Forward(ctx context.Context, target, port string) (*Forward, error) {
	ctx, stop := context.WithCancel(ctx)
	line := Line{Tool: Kubectl, Args: []string{"port-forward", target, ":" + port}}
	cmd, err := t.command(ctx, line)
	if err != nil {
		stop()
		return nil, err
	}
	var words strings.Builder
	cmd.Stderr = &words
	out, pipe := io.Pipe()
	cmd.Stdout = pipe
	if err := cmd.Start(); err != nil {
		stop()
		return nil, err
	}
	f := &Forward{stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(f.ended)
		_ = pipe.CloseWithError(errors.Join(cmd.Wait(), io.EOF)) // the reader has the reason
	}()
	if f.Address, err = forwarded(out); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", t.typed(line), reason(words.String(), err))
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // a line for each connection
	return f, nil
}

// forwarded is the address that kubectl says once it listens.
func forwarded(out io.Reader) (string, error) {
	said := regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:\d+) -> `)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := said.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], nil
		}
	}
	return "", lines.Err()
}

// reason is what a program said, or else how it ended.
func reason(words string, err error) error {
	if words = strings.TrimSpace(words); words != "" {
		return errors.New(words)
	}
	return err
}

// Close ends it, and returns once the port is free.
func (f *Forward) Close() {
	f.stop()
	<-f.ended
}
