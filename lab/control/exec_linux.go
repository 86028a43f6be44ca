package control

import "syscall"

// withCaller has the kernel end a command when the thread that started it ends.
func withCaller() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
