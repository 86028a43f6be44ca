package supervise_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/lab/supervise"
)

// writes records each Write; it has no lock of its own.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

func TestLinesAreWhole(t *testing.T) {
	t.Parallel()
	const lines = 500
	cfg := child(t, nil, "torn", "500")
	var got writes
	cfg.Stdout = &got
	if err := supervise.Run(soon(t), cfg); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, line := range got {
		count[line]++
	}
	out, err := strings.Repeat("o", 50)+"\n", strings.Repeat("e", 50)+"\n"
	if count[out] != lines || count[err] != lines || count["no end\n"] != 1 || len(count) != 3 {
		t.Errorf("writes: %v", count)
	}
}

func TestStreamsApart(t *testing.T) {
	t.Parallel()
	cfg := child(t, nil, "torn", "10")
	var out, err writes
	cfg.Stdout, cfg.Stderr = &out, &err
	if err := supervise.Run(soon(t), cfg); err != nil {
		t.Fatal(err)
	}
	if len(out) != 11 || strings.Contains(strings.Join(out, ""), "e\n") {
		t.Errorf("stdout: %q", out)
	}
	if len(err) != 10 || strings.Contains(strings.Join(err, ""), "o") {
		t.Errorf("stderr: %q", err)
	}
}

func TestLongLineIsCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	cfg := child(t, nil, "environ", long) // it prints its arguments, in quotes, on one line
	var got writes
	cfg.Stdout = &got
	if err := supervise.Run(soon(t), cfg); err != nil {
		t.Fatal(err)
	}
	for _, piece := range got {
		if len(piece) > 64<<10+1 || strings.Index(piece, "\n") != len(piece)-1 {
			t.Errorf("%d bytes in one write: …%q", len(piece), piece[len(piece)-5:])
		}
	}
	if all := strings.ReplaceAll(strings.Join(got, ""), "\n", ""); !strings.Contains(all, long) {
		t.Errorf("lost some of the line: %d bytes", len(all))
	}
}

// stuck takes no more than one write until it is freed.
type stuck struct {
	mu    sync.Mutex
	first bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first.Write(p)
}

func TestStuckWriterDoesNotHoldStop(t *testing.T) {
	t.Parallel()
	var out stuck
	out.mu.Lock()
	defer out.mu.Unlock()
	cfg := child(t, nil, "flood", "1000")
	cfg.Stdout = &out
	p := start(t, cfg)
	if err := p.Stop(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestEnvironmentIsComplete(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(1 << 10)
	cfg := child(t, log, "environ", "a b", "$HOME", "")
	cfg.Dir = t.TempDir()
	if err := supervise.Run(soon(t), cfg); err != nil {
		t.Fatal(err)
	}
	want := `["SUPERVISE_CHILD=environ"]` + "\n" + `["a b" "$HOME" ""]` + "\n" + cfg.Dir + "\n"
	if got := text(log); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNothingIsInherited(t *testing.T) {
	t.Parallel()
	var out writes
	cfg := supervise.Config{Name: "env", Path: "/usr/bin/env", Stdout: &out}
	if err := supervise.Run(soon(t), cfg); err != nil {
		t.Fatal(err)
	}
	if len(out) > 0 {
		t.Errorf("inherited %q", out)
	}
}
