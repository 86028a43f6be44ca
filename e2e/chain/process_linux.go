package chain

import "syscall"

const terminate = syscall.SIGTERM

// dieWithParent keeps a killed test from leaving processes behind.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
