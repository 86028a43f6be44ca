package book

import (
	"testing"
	"time"

	"istio-tutorial/lab/binomial"

	"go.yaml.in/yaml/v3"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	low, high := binomial.Interval(1000, 0.25, binomial.FalseAlarm)
	s := Sample{
		Total: 1000, Took: 2500 * time.Millisecond, Alpha: binomial.FalseAlarm, Answers: map[string]int{"v2": 17},
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
		var a Amount
		if err := yaml.Unmarshal([]byte(text), &a); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if from, to := a.Bounds(s); from != want[0] || to != want[1] {
			t.Errorf("%s: %d to %d, want %v", text, from, to, want)
		}
	}
}
