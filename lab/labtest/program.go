package labtest

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// Program writes a file that can be run. No other test starts anything meanwhile: what it starts would have
// the file open for writing till it is another program, and a system runs no such file (ETXTBSY).
func Program(t testing.TB, path, text string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, 0o700)); err != nil {
		t.Fatal(err)
	}
}
