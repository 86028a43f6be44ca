//go:build unix

package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// lastWords is how much of a failed program's standard error is quoted, in bytes.
const lastWords = 4 << 10

// Run runs a program that ends by itself, and stops it when ctx ends. The error of a program that
// does not end with status 0 names the program and the last it printed on standard error; it is
// an [*exec.ExitError], which has the status. It never tells the environment: errors are pasted
// into reports, and the environment has what is secret.
func Run(ctx context.Context, cfg Config) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", cfg.Name, context.Cause(ctx))
	}
	cfg.Once = true
	cfg = cfg.withDefaults()
	words := NewLog(lastWords)
	cfg.Stderr = io.MultiWriter(words, cfg.Stderr)
	p, err := Start(cfg)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		return p.failure(words)
	case <-ctx.Done():
		err := fmt.Errorf("%s: %w", cfg.Name, context.Cause(ctx))
		return errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
}

// failure is the error of a process that is over, nil when its program succeeded.
func (p *Process) failure(words *Log) error {
	if p.run.exit.Success() {
		return nil
	}
	var stderr bytes.Buffer
	_, _ = words.WriteTo(&stderr) // a Buffer takes everything
	err := &exec.ExitError{ProcessState: p.run.exit, Stderr: bytes.TrimSpace(stderr.Bytes())}
	if len(err.Stderr) == 0 {
		return fmt.Errorf("%s: %s: %w", p.cfg.Name, p.cfg.Path, err)
	}
	return fmt.Errorf("%s: %s: %w: %s", p.cfg.Name, p.cfg.Path, err, err.Stderr)
}
