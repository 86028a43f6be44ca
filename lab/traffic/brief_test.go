package traffic_test

import (
	"fmt"
	"maps"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"
)

// TestFine tells what is said of good answers from the causes of errors.
func TestFine(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	for i, last := range []hop{{status: 200, flags: "DI", details: "via_upstream"}, {status: 503, flags: "DI,FI", details: "fault_filter_abort"}} {
		take(s, c, whole(fmt.Sprintf("f-%d", i), 200, last)...)
	}
	labtest.Until(t, func() error {
		errors, causes, fine := 0, map[cause.Cause]int{}, map[cause.Cause]int{}
		for _, r := range s.Table(traffic.Minute).Rows {
			errors += r.Errors
			maps.Copy(causes, r.Causes)
			maps.Copy(fine, r.Fine)
		}
		if errors != 1 || len(causes) != 1 || causes[cause.Aborted] != 1 || len(fine) != 1 || fine[cause.Delayed] != 1 {
			return fmt.Errorf("%d errors of %v, fine: %v", errors, causes, fine)
		}
		return nil
	})
}

// TestBriefs holds what a picture gets against the whole explanation, whose rule is found once.
func TestBriefs(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := traffic.New(c.now)
	t.Cleanup(s.Close)
	var asked atomic.Int64
	s.Begin(rulebook.Version{Mesh: chain(), Find: func(q rulebook.Question) (rulebook.Rule, bool) {
		asked.Add(1)
		return rulebook.Rule{File: "rule.yml", Line: 7, Name: string(q.Part)}, q.Part == rulebook.PartRoute
	}}, true)(true)
	c.pass(10 * time.Millisecond)
	for i := range 20 {
		take(s, c, whole(fmt.Sprintf("b-%d", i), 200, hop{status: 200})...)
	}
	whole := await(t, s, traffic.Query{}, 20)
	first := asked.Load()
	briefs := s.Briefs(traffic.Query{})
	for i, r := range whole {
		if want := r.Brief(); !reflect.DeepEqual(briefs[i], want) || want.Rule != "rule.yml:7" || len(want.Calls) != 3 {
			t.Errorf("%+v, want %+v", briefs[i], want)
		}
	}
	if n := asked.Load(); n != first || n > 20 {
		t.Errorf("20 requests asked for rules %d times, once more %d", first, n-first)
	}
}
