//go:build unix

package supervise

import "time"

// delays is where a program stands in its back-off.
type delays struct {
	RestartDelay
	next time.Duration
}

// after returns the delay before the restart of a program that was healthy for so long.
func (d *delays) after(healthy time.Duration) time.Duration {
	if d.next == 0 || healthy >= d.Reset {
		d.next = d.Initial
	}
	delay := min(d.next, d.Max)
	d.next = min(2*delay, d.Max)
	return delay
}

// restart returns true when a new run has begun, and false when the process is to stop.
func (p *Process) restart(healthy time.Duration) bool {
	var failure error
	for {
		delay := p.delays.after(healthy)
		p.update(func(s *Status) {
			s.State, s.Delay = BackOff, delay
			if failure != nil {
				s.Exit = failure.Error()
				s.Restarts++
			}
		})
		select {
		case <-p.stop:
			return false
		case <-time.After(delay):
		}
		if failure = p.start(); failure == nil {
			return true
		}
		healthy = 0
	}
}
