package binomial

import (
	"math"
	"math/big"
	"testing"
)

// exact is the probability that of n at most k are, by its definition.
func exact(k, n int, p float64) float64 {
	sum := new(big.Float).SetPrec(200)
	for i := 0; i <= k; i++ {
		term := new(big.Float).SetPrec(200).SetInt(new(big.Int).Binomial(int64(n), int64(i)))
		for j := range n {
			f := p
			if j >= i {
				f = 1 - p
			}
			term.Mul(term, big.NewFloat(f))
		}
		sum.Add(sum, term)
	}
	f, _ := sum.Float64()
	return f
}

func TestAtMost(t *testing.T) {
	t.Parallel()
	for _, p := range []float64{0, 0.01, 0.1, 0.5, 0.75, 1} {
		for _, n := range []int{1, 7, 60, 150} {
			for k := 0; k <= n; k += max(1, n/13) {
				if got, want := atMost(k, n, p), exact(k, n, p); math.Abs(got-want) > 1e-12 {
					t.Errorf("of %d with %g at most %d: %g, want %g", n, p, k, got, want)
				}
			}
		}
	}
}

// TestInterval holds both of its promises: what lies outside is rare, and it is no wider than that.
func TestInterval(t *testing.T) {
	t.Parallel()
	for _, p := range []float64{0.1, 0.25, 0.5, 0.9} {
		for _, n := range []int{10, 100, 250} {
			low, high := Interval(n, p, FalseAlarm)
			below, above := 0.0, 1-exact(high, n, p)
			if low > 0 {
				below = exact(low-1, n, p)
			}
			if below >= FalseAlarm/2 || above >= FalseAlarm/2 {
				t.Errorf("%d with %g: %g below %d, %g above %d", n, p, below, low, above, high)
			}
			if exact(low, n, p) < FalseAlarm/2 || high > 0 && 1-exact(high-1, n, p) < FalseAlarm/2 {
				t.Errorf("%d with %g: %d to %d is wider than it need be", n, p, low, high)
			}
		}
	}
	for p, want := range map[float64]int{0: 0, 1: 50} {
		if low, high := Interval(50, p, FalseAlarm); low != want || high != want {
			t.Errorf("with %g: %d to %d", p, low, high)
		}
	}
}

func TestEnough(t *testing.T) {
	t.Parallel()
	n, ok := Enough(0.9, 0.75, FalseAlarm, 10_000)
	if !ok {
		t.Fatal("no number tells 90 % from 75 %")
	}
	low, high := Interval(n, 0.9, FalseAlarm)
	if p := exact(high, n, 0.75) - exact(low-1, n, 0.75); p > FalseAlarm {
		t.Errorf("%d requests miss 75 %% with probability %g", n, p)
	}
	if _, ok := Enough(0.5, 0.5, FalseAlarm, 10_000); ok {
		t.Error("a number tells 50 % from 50 %")
	}
}
