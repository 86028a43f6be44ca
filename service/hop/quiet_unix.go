//go:build unix

package hop

import (
	"errors"
	"net"
	"syscall"
)

// quiet reports whether an idle connection is open and has nothing to say: its server would
// have closed it, or answered what nobody asked.
func quiet(c net.Conn) bool {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return false
	}
	var said error
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, said = syscall.Read(int(fd), b[:])
		return true // do not wait for more
	})
	return err == nil && errors.Is(said, syscall.EAGAIN)
}
