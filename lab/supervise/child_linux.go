package supervise

import "syscall"

// attributes give a child a process group of its own, and let the kernel kill it when the thread
// that started it ends, see prctl(2), PR_SET_PDEATHSIG.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
