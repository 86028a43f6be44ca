package labtest

import (
	"slices"
	"testing"
)

// Ratio reports the middle one of the ratios of what a and b measure, in turns, each of them first in every other turn:
// what else the machine does meets both.
func Ratio(bench *testing.B, unit string, a, b func() float64) {
	bench.Helper()
	const rounds = 9
	var ratios []float64
	for bench.Loop() {
		ratios = ratios[:0]
		for i := range rounds {
			var x, y float64
			if i%2 == 0 {
				x, y = a(), b()
			} else {
				y, x = b(), a()
			}
			ratios = append(ratios, x/y)
		}
	}
	slices.Sort(ratios)
	bench.ReportMetric(ratios[len(ratios)/2], unit)
}
