package journal_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/journal"
)

// clock advances by a second with each look.
func clock() func() time.Time {
	now := time.Date(2018, 5, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func write(t *testing.T, j *journal.Journal, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if _, err := j.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
}

func lines(t *testing.T, j *journal.Journal, q journal.Query) string {
	t.Helper()
	seq, err := j.Lines(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(slices.Collect(seq), " ")
}

func TestQueries(t *testing.T) {
	t.Parallel()
	j := journal.New(1<<20, clock())
	write(t, j, "one", "two", "three", "four")
	at := func(second int) time.Time { return time.Date(2018, 5, 1, 11, 0, second, 0, time.UTC) }
	for _, c := range []struct {
		query journal.Query
		want  string
	}{
		{journal.Query{}, "one two three four"},
		{journal.Query{Tail: new(2)}, "three four"},
		{journal.Query{Tail: new(9)}, "one two three four"},
		{journal.Query{Tail: new(0)}, ""},
		{journal.Query{Since: at(2)}, "two three four"},
		{journal.Query{Since: at(2), Tail: new(1)}, "four"},
		{journal.Query{Since: at(3), Tail: new(3)}, "three four"},
		{journal.Query{Tail: new(1), Timestamps: true}, "2018-05-01T11:00:04.000000000Z four"},
	} {
		if got := lines(t, j, c.query); got != c.want {
			t.Errorf("%+v: %q, want %q", c.query, got, c.want)
		}
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	j := journal.New(1<<20, clock())
	if _, err := j.Lines(t.Context(), journal.Query{Previous: true}); !errors.Is(err, journal.ErrNoPrevious) {
		t.Errorf("error %v", err)
	}
	write(t, j, "a1", "a2")
	j.Begin() // of the run that has begun
	j.End()
	j.End()
	if got := lines(t, j, journal.Query{}); got != "a1 a2" {
		t.Errorf("between two runs: %q", got)
	}
	write(t, j, "b1")
	j.Begin()
	if got := lines(t, j, journal.Query{}); got != "b1" {
		t.Errorf("second run: %q", got)
	}
	if got := lines(t, j, journal.Query{Previous: true}); got != "a1 a2" {
		t.Errorf("first run: %q", got)
	}
	j.End()
	j.Begin()
	if got := lines(t, j, journal.Query{}) + lines(t, j, journal.Query{Previous: true}); got != "b1" {
		t.Errorf("a silent run after %q", got)
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	j := journal.New(1<<20, clock())
	write(t, j, "old", "newer")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	seq, err := j.Lines(ctx, journal.Query{Follow: true, Tail: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	next, stop := iter.Pull(seq)
	defer stop()
	for i, want := range []string{"newer", "1", "2"} {
		if line, ok := next(); line != want {
			t.Fatalf("line %q, %v, want %q", line, ok, want)
		}
		write(t, j, fmt.Sprint(i+1))
	}
	j.End()
	if line, _ := next(); line != "3" {
		t.Errorf("last line %q", line)
	}
	if line, ok := next(); ok {
		t.Errorf("line %q of an ended run", line)
	}
}

// A clock that stands still makes no two lines equal.
func TestStandingClock(t *testing.T) {
	t.Parallel()
	j := journal.New(1<<20, func() time.Time { return time.Unix(0, 0) })
	write(t, j, "a", "b", "c")
	if got := lines(t, j, journal.Query{Tail: new(1)}); got != "c" {
		t.Errorf("last line %q", got)
	}
}
