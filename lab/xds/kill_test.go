package xds_test

import "syscall"

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }
