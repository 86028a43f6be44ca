package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/supervise"
)

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	const limit, lines = 1 << 20, 100_000
	log := supervise.NewLog(limit)
	if err := supervise.Run(soon(t), child(t, log, "flood", fmt.Sprint(lines))); err != nil {
		t.Fatal(err)
	}
	log.Close()
	kept := text(log)
	if len(kept) > limit || len(kept) < limit/2-1000 {
		t.Errorf("kept %d of %d bytes", len(kept), limit)
	}
	next := lines - len(kept)/1000
	for line := range strings.Lines(kept) {
		if len(line) != 1000 || !strings.HasPrefix(line, fmt.Sprintf("%010d ", next)) {
			t.Fatalf("line %d: %.20q…, %d bytes", next, line, len(line))
		}
		next++
	}
	if next != lines {
		t.Errorf("ends before line %d", next)
	}
}

func TestClosedLog(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(100)
	fmt.Fprint(log, "a\nno end")
	for range 2 {
		log.Close()
	}
	if _, err := log.Write([]byte("b\n")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if got := slices.Collect(log.Follow(t.Context())); !slices.Equal(got, []string{"a", "no end"}) {
		t.Errorf("got %q", got)
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(1 << 10)
	fmt.Fprint(log, "before\nhalf")
	var got []string
	for line := range log.Follow(soon(t)) {
		got = append(got, line)
		switch len(got) {
		case 1:
			go fmt.Fprint(log, " a line\n")
		case 2:
			go fmt.Fprintln(log, "later")
		case 3:
			go log.Close()
		}
	}
	if want := []string{"before", "half a line", "later"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(1 << 10)
	fmt.Fprintln(log, "one")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	for line := range log.Follow(ctx) {
		got = append(got, line)
		cancel()
	}
	if want := []string{"one"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSlowFollower is overtaken after its first line, and goes on with what is still there.
func TestSlowFollower(t *testing.T) {
	t.Parallel()
	log := supervise.NewLog(100)
	fmt.Fprintln(log, "first")
	want, got := []string{"first"}, []string{}
	for line := range log.Follow(soon(t)) {
		got = append(got, line)
		switch line {
		case "first":
			for i := range 1000 {
				fmt.Fprintf(log, "line %03d\n", i)
			}
			want = append(want, strings.Split(strings.TrimSuffix(text(log), "\n"), "\n")...)
			want = append(want, "last")
		case "line 999":
			go func() {
				fmt.Fprintln(log, "last")
				log.Close()
			}()
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzLog writes what lies between zero bytes, as whole lines.
func FuzzLog(f *testing.F) {
	f.Add([]byte("a\nbb\x00ccc\ndddddddddd"), 8)
	f.Add([]byte("longer than that\x00\x00short"), 9)
	f.Add([]byte("\n\n\n\x00\n"), 2)
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		limit = min(max(limit, 1), 1<<10)
		log := supervise.NewLog(limit)
		var all string
		for words := range strings.SplitSeq(string(data), "\x00") {
			lines := words + "\n"
			all += lines
			if n, err := log.Write([]byte(lines)); n != len(lines) || err != nil {
				t.Fatalf("wrote %d of %d: %v", n, len(lines), err)
			}
			checkKept(t, text(log), all, limit)
		}
		log.Close()
		followed := ""
		for line := range log.Follow(t.Context()) {
			followed += line + "\n"
		}
		if followed != text(log) {
			t.Errorf("followed %q, kept %q", followed, text(log))
		}
	})
}

// checkKept holds that kept is the end of all, from the start of a line, unless it is the end of
// one that is longer than the limit.
func checkKept(t *testing.T, kept, all string, limit int) {
	t.Helper()
	if kept == "" || len(kept) > limit || !strings.HasSuffix(all, kept) {
		t.Fatalf("kept %q of %q", kept, all)
	}
	before := strings.TrimSuffix(all, kept)
	line := all[strings.LastIndex(before, "\n")+1:]
	line, _, _ = strings.Cut(line, "\n")
	if before != "" && !strings.HasSuffix(before, "\n") && len(line) < limit {
		t.Fatalf("kept %q, the end of a line, of %q", kept, all)
	}
}
