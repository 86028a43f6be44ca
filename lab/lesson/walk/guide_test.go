package walk

import (
	"testing"
	"time"
)

func TestShort(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s": 0, "2m": 2 * time.Minute, "7s": 7 * time.Second, "12s": 12 * time.Second,
		"1h": time.Hour, "1h1m": 61 * time.Minute,
	} {
		if got := short(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
