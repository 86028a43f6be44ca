package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"istio-tutorial/e2e/chain"
)

func TestCountStartsAgainAfterMisbehaviour(t *testing.T) {
	t.Parallel()
	c := programs().Chain(t, chain.Settings{})
	ask := func(want chain.Answer) {
		t.Helper()
		if got := c.Customer.Get(t, "/"); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	answer := func(n int) chain.Answer {
		return said(200, fmt.Sprintf("customer => preference => recommendation v1 from 'unknown': %d\n", n))
	}
	ask(answer(1))
	ask(answer(2))
	toggle := func(path, want string) {
		t.Helper()
		if got := c.Recommendation.Get(t, path); got != said(200, want) {
			t.Errorf("%s: got %+v, want %q", path, got, want)
		}
	}
	toggle("/misbehave", "Following requests to '/' will return a 503\n")
	ask(said(503, "customer => 503 preference => 503 recommendation misbehavior from 'unknown'\n"))
	if got := c.Recommendation.Get(t, "/health"); got.Status != 200 {
		t.Errorf("misbehaving makes it unhealthy: %+v", got)
	}
	toggle("/behave", "Following requests to '/' will return a 200\n")
	ask(answer(1))
	if _, err := c.Preference.WaitLog(`"level":"WARN","msg":"recommendation failed"`); err != nil {
		t.Error(err)
	}
	if _, err := c.Customer.WaitLog(`"level":"WARN","msg":"preference failed"`); err != nil {
		t.Error(err)
	}
}

// The mirroring lesson reads the log of a recommendation whose answers nobody gets.
func TestRecommendationLogsBeforeItAnswers(t *testing.T) {
	t.Parallel()
	r := programs().Run(t, chain.Spec{Program: "recommendation",
		Env: chain.Env{"HOSTNAME": "recommendation-v2-ab-cd"}})
	r.Get(t, "/")
	if _, err := r.WaitLog(`"host":"ab-cd","count":1`); err != nil {
		t.Error(err)
	}
}

func TestTimeoutDelaysTheAnswer(t *testing.T) {
	t.Parallel()
	const delay = 300 * time.Millisecond
	c := programs().Chain(t, chain.Settings{Recommendation: chain.Env{"TIMEOUT": delay.String()}})
	slow := func() {
		t.Helper()
		start := time.Now()
		c.Customer.Get(t, "/")
		if took := time.Since(start); took < delay {
			t.Errorf("answered after %v, not %v", took, delay)
		}
	}
	slow()
	setTimeout(t, c.Recommendation, "0s")
	setTimeout(t, c.Recommendation, "1h")
	setTimeout(t, c.Recommendation, delay.String())
	slow()
}

func TestTimeoutEndsAtRunTime(t *testing.T) {
	t.Parallel()
	c := programs().Chain(t, chain.Settings{
		Preference:     chain.Env{"NEXT_HOP_TIMEOUT": "200ms"},
		Recommendation: chain.Env{"TIMEOUT": "1h"}})
	want := said(503, "customer => 503 preference => "+c.Recommendation.URL()+": no answer within 200ms\n")
	if got := c.Customer.Get(t, "/"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	setTimeout(t, c.Recommendation, "0s")
	if got := c.Recommendation.Get(t, "/"); got != said(200, "recommendation v1 from 'unknown': 1\n") {
		t.Errorf("the answer that nobody waited for was counted: %+v", got)
	}
}

func setTimeout(t *testing.T, recommendation *chain.Process, delay string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, recommendation.URL()+"/timeout?d="+delay, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := chain.Do(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, req)
	if err != nil || got.Status != 200 {
		t.Fatalf("%+v, %v", got, err)
	}
}
