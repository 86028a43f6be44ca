//go:build !linux

package chain

import "syscall"

const terminate = syscall.SIGTERM

// dieWithParent is for Linux: elsewhere, a killed test may leave processes behind.
func dieWithParent() *syscall.SysProcAttr { return nil }
