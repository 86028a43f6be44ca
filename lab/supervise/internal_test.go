package supervise

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestDelays(t *testing.T) {
	t.Parallel()
	limits := RestartDelay{Initial: time.Second, Max: 5 * time.Second, Reset: time.Minute}
	d := delays{RestartDelay: limits}
	var got []time.Duration
	for _, healthy := range []time.Duration{0, 0, 0, 0, 59, 60, 0} {
		got = append(got, d.after(healthy*time.Second)/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 5, 5, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDelaysBeginAtMost(t *testing.T) {
	t.Parallel()
	d := delays{RestartDelay: RestartDelay{Initial: time.Hour, Max: time.Second}}
	if got := d.after(0); got != time.Second {
		t.Errorf("got %v", got)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	probe := Probe{}.withDefaults()
	for _, tt := range []struct {
		passed        bool
		elapsed, want time.Duration
	}{
		{false, 0, 2 * time.Millisecond},
		{false, 50 * time.Millisecond, 2 * time.Millisecond},
		{false, 400 * time.Millisecond, 8 * time.Millisecond},
		{false, 10 * time.Second, 200 * time.Millisecond},
		{false, time.Hour, time.Second},
		{true, 0, time.Second},
	} {
		if got := probe.pause(tt.passed, tt.elapsed); got != tt.want {
			t.Errorf("%+v: got %v", tt, got)
		}
	}
}

func TestLogMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const limit = 1000
	log := NewLog(limit)
	for i := range 10_000 {
		fmt.Fprintln(log, i)
		if room := cap(log.text); room > limit {
			t.Fatalf("%d bytes of memory after line %d", room, i)
		}
	}
}
