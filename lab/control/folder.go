package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// Folder is where a running lab has its sockets and files, for its owner alone.
type Folder string

// longestSocket is safe for a socket's path on every system, in bytes.
const longestSocket = 100

// FolderOf is the folder of the lab of a name: below $XDG_RUNTIME_DIR, else below $TMPDIR.
func FolderOf(name string, getenv func(string) string) (Folder, error) {
	if !regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$`).MatchString(name) {
		return "", fmt.Errorf("lab name %q: want up to 20 of a-z, 0-9 and -, the last not at the ends", name)
	}
	base := filepath.Join(os.TempDir(), "istio-tutorial-"+strconv.Itoa(os.Getuid()))
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		base = filepath.Join(dir, "istio-tutorial")
	}
	f := Folder(filepath.Join(base, name))
	if n := len(f.socket()); n > longestSocket {
		return "", fmt.Errorf("%s: %d bytes are too long for a socket; set TMPDIR to a shorter folder", f.socket(), n)
	}
	return f, nil
}

// File is the path of a file in the folder.
func (f Folder) File(name string) string { return filepath.Join(string(f), name) }

func (f Folder) socket() string { return f.File("control") }

// lock is held by a running lab, however it ends.
func (f Folder) lock() string { return f.File("lock") }

// claim makes the folder and takes its lock, until the file that it returns is closed.
func (f Folder) claim() (*os.File, error) {
	for _, dir := range []string{filepath.Dir(string(f)), string(f)} {
		if err := private(dir); err != nil {
			return nil, err
		}
	}
	file, err := os.OpenFile(f.lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// private makes a folder that nobody else can enter, and refuses one that is another's.
func private(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s: not a folder of yours", dir)
	}
	return os.Chmod(dir, 0o700)
}

// waitFree returns when no lab holds the folder.
func (f Folder) waitFree(ctx context.Context) error {
	for {
		file, err := os.Open(f.lock())
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
		file.Close()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the lab is still ending: %w", context.Cause(ctx))
		}
	}
}
