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
