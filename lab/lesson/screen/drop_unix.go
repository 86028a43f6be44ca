//go:build unix && !linux

package screen

import (
	"os"

	"golang.org/x/sys/unix"
)

// drop empties what a terminal has read and nobody has taken.
func drop(terminal *os.File) error {
	const read = 1 // FREAD
	return unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCFLUSH, read)
}
