package accesslog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"istio-tutorial/service/accesslog"
	"istio-tutorial/service/servicetest"
)

// sink keeps each write, and fails as often as told, after half of what it was to write.
type sink struct {
	mu     sync.Mutex
	fail   int
	text   bytes.Buffer
	writes int
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if s.fail > 0 {
		s.fail--
		n, _ := s.text.Write(p[:len(p)/2])
		return n, errors.New("broken pipe")
	}
	return s.text.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// waitFailed returns when the sink has failed as often as it was told.
func (s *sink) waitFailed(t *testing.T) {
	t.Helper()
	servicetest.Until(t, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.fail > 0 {
			return errors.New("nothing was written")
		}
		return nil
	})
}

func TestLinesStayWhole(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 500
	out := &sink{}
	log, end := accesslog.New(out, accesslog.JSON)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				log.Info("request", "writer", w, "n", n, "fill", strings.Repeat("x", 37*n%900))
			}
		})
	}
	all.Wait()
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	next := make([]int, writers)
	for line := range strings.Lines(out.String()) {
		var got struct{ Writer, N int }
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.N != next[got.Writer] {
			t.Fatalf("torn, lost or out of order: %v: %q", err, line)
		}
		next[got.Writer]++
	}
	for w, n := range next {
		if n != each {
			t.Errorf("writer %d has %d lines of %d", w, n, each)
		}
	}
	if out.writes > writers*each/10 {
		t.Errorf("%d writes for %d lines", out.writes, writers*each)
	}
}

// What was written when the reader failed is lost, and counted. What comes later is not, and
// begins a line.
func TestBrokenWriter(t *testing.T) {
	t.Parallel()
	out := &sink{fail: 1}
	log, end := accesslog.New(out, accesslog.Text)
	log.Info("lost")
	out.waitFailed(t)
	log.Info("first")
	log.Info("second")
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[1], "time=") || !strings.HasSuffix(lines[1], "msg=first") ||
		!strings.HasPrefix(lines[2], "time=") || !strings.HasSuffix(lines[2], "msg=second") ||
		!strings.HasSuffix(lines[3], `msg="lines of the log were dropped" lines=1`) || end.Dropped() != 1 {
		t.Errorf("%d dropped, got %q", end.Dropped(), lines)
	}
}

// A full buffer that cannot be written takes the line that filled it all the same.
func TestBrokenWriterWhenFull(t *testing.T) {
	t.Parallel()
	out := &sink{fail: 1}
	log, end := accesslog.New(out, accesslog.Text)
	for n := range 2000 {
		log.Info("request", "n", n, "fill", strings.Repeat("x", 100))
		if n == 1000 { // more than a buffer holds; Close is to have nothing that fails
			out.waitFailed(t)
		}
	}
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(out.String()) {
		seen += strings.Count(line, "time=")
	}
	if !strings.Contains(out.String(), "n=1999 ") || seen < 500 {
		t.Errorf("%d lines of 2000 came", seen)
	}
}

// stopped is a reader that takes nothing until it goes on.
type stopped struct {
	sink
	goOn chan struct{}
}

func (s *stopped) Write(p []byte) (int, error) {
	<-s.goOn
	return s.sink.Write(p)
}

// A reader that stops costs one wait and a bounded memory. What has no room is dropped and
// counted, and the log says so when the reader goes on.
func TestStoppedReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &stopped{goOn: make(chan struct{})}
		log, end := accesslog.New(out, accesslog.Text)
		log.Info("taken")
		time.Sleep(time.Minute) // of the bubble's time
		start := time.Now()
		const lines = 10_000
		for n := range lines {
			log.Info("request", "n", n, "fill", strings.Repeat("x", 1000))
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("the lines waited for %v", took)
		}
		dropped := end.Dropped()
		if kept := lines - dropped; kept < 1000 || kept > 2000 { // in 2 MiB
			t.Errorf("%d lines of 1 KB are kept", kept)
		}
		close(out.goOn)
		time.Sleep(time.Second)
		log.Info("last")
		if err := end.Close(); err != nil {
			t.Error(err)
		}
		text := out.String()
		said := fmt.Sprintf("msg=\"lines of the log were dropped\" lines=%d\n", dropped)
		if got := strings.Count(text, "msg=request"); int64(got) != lines-dropped ||
			!strings.Contains(text, said) || !strings.Contains(text, "msg=last\n") || end.Dropped() != dropped {
			t.Errorf("%d lines came, %d were dropped: …%q", got, dropped, text[max(0, len(text)-300):])
		}
	})
}

func TestCloseGivesUpOnAStoppedReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &stopped{goOn: make(chan struct{})}
		log, end := accesslog.New(out, accesslog.Text)
		log.Info("never taken")
		start := time.Now()
		if err := end.Close(); !errors.Is(err, accesslog.ErrStuck) || time.Since(start) != time.Second {
			t.Errorf("Close returned %v after %v", err, time.Since(start))
		}
		log.Info("late")
		if end.Dropped() != 1 {
			t.Errorf("%d dropped", end.Dropped())
		}
		close(out.goOn) // so that the bubble can end
	})
}

func TestFlushesByItself(t *testing.T) {
	t.Parallel()
	out := &sink{}
	log, end := accesslog.New(out, accesslog.Text)
	t.Cleanup(func() { _ = end.Close() })
	for n := range 3 {
		log.Info("request", "n", n)
		servicetest.Until(t, func() error {
			if !strings.Contains(out.String(), fmt.Sprintf("n=%d\n", n)) {
				return fmt.Errorf("line %d is not there: %q", n, out.String())
			}
			return nil
		})
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	out := &sink{}
	log, end := accesslog.New(out, accesslog.Text)
	log.Info("before")
	for range 2 {
		if err := end.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(out.String(), "msg=before\n") {
		t.Errorf("Close left the line: %q", out.String())
	}
	log.Info("after")
	if !strings.Contains(out.String(), "msg=after\n") {
		t.Errorf("a line after Close waits: %q", out.String())
	}
	broken, brokenEnd := accesslog.New(&sink{fail: 9}, accesslog.Text)
	broken.Info("lost")
	if err := brokenEnd.Close(); err == nil {
		t.Error("Close hides that the log could not be written")
	}
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	out := &sink{}
	log, end := accesslog.New(out, accesslog.JSON)
	for n, size := range []int{10, 64 << 10, 10, 1 << 20, 10} {
		log.Info("request", "n", n, "fill", strings.Repeat("x", size))
	}
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for line := range strings.Lines(out.String()) {
		var got struct{ Fill string }
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("torn: %v", err)
		}
		sizes = append(sizes, len(got.Fill))
	}
	if fmt.Sprint(sizes) != "[10 65536 10 1048576 10]" {
		t.Errorf("the lines are of %v", sizes)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		accesslog.Text: `level=WARN msg="a\nb" k="v w" c="\u009b\u202e" d=\u007f` + "\n",
		accesslog.JSON: `"level":"WARN","msg":"a\nb","k":"v w","c":"\u009b\u202e","d":"\u007f"}` + "\n",
	} {
		out := &sink{}
		log, end := accesslog.New(out, format)
		log.Warn("a\nb", "k", "v w", "c", "\u009b\u202e", "d", "\x7f")
		_ = end.Close()
		if !strings.HasSuffix(out.String(), want) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%s: got %q, want %q at its end", format, out.String(), want)
		}
	}
}
