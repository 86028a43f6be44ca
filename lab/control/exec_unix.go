//go:build unix && !linux

package control

import "syscall"

// withCaller leaves the command to the terminal's hang-up.
func withCaller() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
