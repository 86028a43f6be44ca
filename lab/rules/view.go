package rules

import (
	"time"

	"istio-tutorial/lab/mesh"
)

// AbortView is an injected answer, as `routes` and its oracles have it.
type AbortView struct {
	Percent float64 `json:"percent"`
	Status  int     `json:"status"`
}

// DelayView is an injected delay.
type DelayView struct {
	Percent float64 `json:"percent"`
	MS      int64   `json:"ms"`
}

// FaultViews are nil for what a fault does not inject.
func FaultViews(f mesh.Fault) (*AbortView, *DelayView) {
	var abort *AbortView
	var delay *DelayView
	if a := f.Abort; a != nil {
		abort = &AbortView{Percent: a.Percent, Status: a.Status}
	}
	if d := f.Delay; d != nil {
		delay = &DelayView{Percent: d.Percent, MS: d.Time.Milliseconds()}
	}
	return abort, delay
}

// Milliseconds is nil for no time.
func Milliseconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	return new(d.Milliseconds())
}
