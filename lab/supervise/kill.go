//go:build unix

package supervise

import (
	"syscall"
	"time"
)

// signal reaches the child and all of its group, if the child is still there.
func (c *child) signal(sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		_ = syscall.Kill(-c.pid, sig) // the child may be dying; reap will tell
	}
}

// killed reports whether a gone child was ended by SIGKILL.
func (c *child) killed() bool {
	status, ok := c.exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// endGroup kills what the leader of a group left, and returns when nothing of it is there.
func endGroup(group int) {
	for began := time.Now(); time.Since(began) < leftBehind; time.Sleep(time.Millisecond) {
		if syscall.Kill(-group, syscall.SIGKILL) != nil {
			return
		}
		// As process 1 of a container we are the parent of orphans: theirs are ours to reap.
		_, _ = syscall.Wait4(-group, nil, syscall.WNOHANG, nil)
	}
}
