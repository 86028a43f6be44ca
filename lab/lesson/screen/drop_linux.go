package screen

import (
	"os"

	"golang.org/x/sys/unix"
)

// drop empties what a terminal has read and nobody has taken.
func drop(terminal *os.File) error {
	return unix.IoctlSetInt(int(terminal.Fd()), unix.TCFLSH, unix.TCIFLUSH)
}
