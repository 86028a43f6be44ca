package rules

import (
	"time"

	"istio-tutorial/lab/mesh"
)

// FaultView is what a fault injects, as `routes -o json` has it; null is nothing.
type FaultView struct {
	Abort *AbortView `json:"abort"`
	Delay *DelayView `json:"delay"`
}

// AbortView is an injected answer.
type AbortView struct {
	Percent float64 `json:"percent"`
	Status  int     `json:"status"`
}

// DelayView is an injected delay.
type DelayView struct {
	Percent float64 `json:"percent"`
	MS      int64   `json:"ms"`
}

// NewFaultView is the view of a fault; nil is none.
func NewFaultView(f *mesh.Fault) FaultView {
	var view FaultView
	if f != nil && f.Abort != nil {
		view.Abort = &AbortView{Percent: f.Abort.Percent, Status: f.Abort.Status}
	}
	if f != nil && f.Delay != nil {
		view.Delay = &DelayView{Percent: f.Delay.Percent, MS: f.Delay.Time.Milliseconds()}
	}
	return view
}

// Milliseconds is nil for no time.
func Milliseconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	return new(d.Milliseconds())
}
