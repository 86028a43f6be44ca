package lesson

import (
	"testing"
	"time"

	"istio-tutorial/lab/binomial"
	"istio-tutorial/lab/lesson/words"

	"go.yaml.in/yaml/v3"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	low, high := binomial.Interval(1000, 0.25, binomial.FalseAlarm)
	s := sample{
		total: 1000, took: 2500 * time.Millisecond, alpha: binomial.FalseAlarm, answers: map[string]int{"v2": 17},
	}
	for text, want := range map[string][2]int{
		"7":                  {7, 7},
		"at least 7":         {7, -1},
		"at most 7":          {0, 7},
		"at most 3 per 1s":   {0, 12},
		"all":                {1000, 1000},
		"25 %":               {low, high},
		"25 %, not 50 %":     {low, high},
		"as v2":              {17, 17},
		"as nobody":          {0, 0},
		"at most 1 per 10ms": {0, 252},
	} {
		var a amount
		if err := yaml.Unmarshal([]byte(text), &a); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if from, to := a.bounds(s); from != want[0] || to != want[1] {
			t.Errorf("%s: %s, want %v", text, span(from, to), want)
		}
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	var a amounts
	if err := yaml.Unmarshal([]byte("preference upstream_rq_retry: at least 2"), &a); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{
		1: "preference upstream_rq_retry rose by 1 (wanted at least 2)",
		2: "preference upstream_rq_retry rose by 2 (wanted at least 2)",
	} {
		if got := a[0].claim(words.Rose, n, sample{}); got.String() != want || got.OK != (n == 2) {
			t.Errorf("%d: %+v", n, got)
		}
	}
}
