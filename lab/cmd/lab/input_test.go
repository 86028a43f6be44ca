package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestReadingEnds interrupts verbs that read what never comes: from a pipe into which nobody writes, and from
// a terminal at which nobody types.
func TestReadingEnds(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	silent, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	interrupted := errors.New("Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted)
	for _, path := range []string{pipe, "-"} {
		s := sources{files: []string{path}}
		if _, err := s.read(ctx, silent); !errors.Is(err, interrupted) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := readFile(ctx, pipe); !errors.Is(err, interrupted) {
		t.Errorf("a flag's file: %v", err)
	}
	writer, err := os.OpenFile(pipe, os.O_RDWR, 0) // whoever waits goes on
	if err := errors.Join(err, end.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { writer.Close() })
}

// TestFlagsFilesAreBounded refuses a file without an end.
func TestFlagsFilesAreBounded(t *testing.T) {
	t.Parallel()
	if _, err := readFile(t.Context(), "/dev/zero"); err == nil || !strings.Contains(err.Error(), "/dev/zero: more than 1048576 bytes") {
		t.Error(err)
	}
}
