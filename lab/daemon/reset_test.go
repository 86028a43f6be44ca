package daemon_test

import (
	"fmt"
	"strings"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

// TestReset changes a lab in every way, and puts it back.
func TestReset(t *testing.T) {
	t.Parallel()
	l := up(t)
	reset := func(dryRun bool) string {
		t.Helper()
		results, err := l.Reset(t.Context(), control.Reset{DryRun: dryRun})
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, r := range results {
			words = append(words, r.Name+" "+r.Done)
		}
		return strings.Join(words, ", ")
	}
	if got := reset(false); got != "" {
		t.Errorf("a new lab: %s", got)
	}
	l.must(t, objects.Create, "istiofiles/route-rule-recommendation-503.yml", "deploy/recommendation/Deployment-v2.yml")
	for _, err := range []error{
		second(l.Scale(t.Context(), control.Scale{Selection: sel("deployment/recommendation-v1"), Replicas: 2})),
		second(l.SetEnv(t.Context(), control.SetEnv{Selection: sel("deployment/preference"), Set: map[string]string{"X": "1"}})),
		second(l.Delete(t.Context(), sel("service/customer"))),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := "recommendation-503 deleted, recommendation-v2 deleted, recommendation-v1 configured, " +
		"preference configured, customer created"
	if got := reset(true); got != want {
		t.Errorf("dry run: %s, want %s", got, want)
	}
	if got := reset(false); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := reset(true); got != "" {
		t.Errorf("after it: %s", got)
	}
	labtest.Until(t, func() error {
		status, err := l.Status(t.Context())
		if err != nil || len(status.Rules) > 0 || len(status.Pods) != 3 {
			return fmt.Errorf("%d rules, %d pods: %w", len(status.Rules), len(status.Pods), err)
		}
		if got := l.ask(t); !strings.HasPrefix(got, fromV1) {
			return fmt.Errorf("answer %s", got)
		}
		return nil
	})
}

func second[T any](_ T, err error) error { return err }
