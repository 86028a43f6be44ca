// Package binomial tells shares of requests apart: how many of so many are of a kind that each is of
// with some probability.
package binomial

import (
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// FalseAlarm is how often a check of shares may fail though all is as the page says: once in a
// million, whatever the number of its shares. A share that a check is to tell apart is missed as
// rarely.
const FalseAlarm = 1e-6

// atMost is the probability that of n requests at most k are of a kind that each is of with
// probability p, by the identity with the regularized incomplete beta function (NIST Handbook,
// 26.5.24).
func atMost(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n || p == 0:
		return 1
	case p == 1:
		return 0
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}

// Interval is the numbers that n requests give with probability p, but for alpha/2 at each end.
func Interval(n int, p, alpha float64) (low, high int) {
	low = sort.Search(n, func(k int) bool { return atMost(k, n, p) >= alpha/2 })
	high = sort.Search(n, func(k int) bool { return 1-atMost(k, n, p) < alpha/2 })
	return low, high
}

// Missed is the probability that n requests with probability p fall within an interval.
func Missed(low, high, n int, p float64) float64 {
	return atMost(high, n, p) - atMost(low-1, n, p)
}

// Enough is the smallest number of requests, up to a limit, that tells two shares apart.
func Enough(p, from, alpha float64, limit int) (int, bool) {
	for n := 1; n <= limit; n += max(1, n/50) {
		if low, high := Interval(n, p, alpha); Missed(low, high, n, from) <= FalseAlarm {
			return n, true
		}
	}
	return 0, false
}
