package main

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestWhatCannotBePrinted holds that no verb ends well whose text is lost, and that each says why, once.
func TestWhatCannotBePrinted(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"-h", "get -h", "version --client", "lesson", "explain virtualservice", "completion bash"} {
		var stderr strings.Builder
		dir := shortDir(t)
		status := run(t.Context(), process{
			args: strings.Fields(line), stderr: &stderr,
			stdout:  full{},
			environ: func() []string { return nil },
			getenv: func(name string) string {
				return map[string]string{"LAB_HOME": "../../..", "XDG_RUNTIME_DIR": dir}[name]
			},
		})
		if status != failed || stderr.String() != "Error: no space left\n" {
			t.Errorf("%s: status %d, %q", line, status, stderr.String())
		}
	}
}

// TestPrintedEndsTheVerb holds that what goes on for ever ends when it cannot print.
func TestPrintedEndsTheVerb(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := &printed{to: full{}, cancel: cancel}
	_, err := p.Write([]byte("a"))
	if !errors.Is(err, errFull) || !errors.Is(p.err(), errFull) || ctx.Err() == nil {
		t.Errorf("wrote with %v, kept %v, context %v", err, p.err(), ctx.Err())
	}
}

var errFull = errors.New("no space left")

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
