package tracing

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestComplaintsAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		c := &complaints{log: slog.New(slog.NewTextHandler(&out, nil))}
		for range 200 { // every second for three minutes and 20 seconds
			c.Error("no backend\n")
			<-time.After(time.Second)
		}
		if n := strings.Count(out.String(), `msg="tracing: no backend"`); n != 4 {
			t.Errorf("%d lines in 200 s:\n%s", n, out.String())
		}
	})
}
