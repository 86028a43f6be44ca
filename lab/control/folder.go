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

// The longest path of a socket that is safe on every system, and the longest name of one in the
// folder, in bytes.
const (
	longestPath   = 100
	longestSocket = 16
)

var labName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$`)

// FolderOf is the folder of the lab of a name: below $XDG_RUNTIME_DIR, else below $TMPDIR.
func FolderOf(name string, getenv func(string) string) (Folder, error) {
	if !labName.MatchString(name) {
		return "", fmt.Errorf("lab name %q: want up to 20 of a-z, 0-9 and -, no - at an end", name)
	}
	base := filepath.Join(os.TempDir(), "istio-tutorial-"+strconv.Itoa(os.Getuid()))
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		base = filepath.Join(dir, "istio-tutorial")
	}
	f := Folder(filepath.Join(base, name))
	if over := len(f) + 1 + longestSocket - longestPath; over > 0 {
		return "", fmt.Errorf("%s: %d bytes too long for sockets in it: set a shorter TMPDIR", f, over)
	}
	return f, nil
}

// File is the path of a file in the folder.
func (f Folder) File(name string) string { return filepath.Join(string(f), name) }

func (f Folder) socket() string { return f.File("control") }

// lock is held by a running lab, however it ends.
func (f Folder) lock() string { return f.File("lock") }

// The pause between two looks at a lock, and how long a look may hold it.
const (
	look      = 5 * time.Millisecond
	glances   = 20
	ownerOnly = 0o600
)

// claim makes the folder, takes its lock, and clears what an earlier lab has left. The error is
// ErrRunning if another one holds it.
func (f Folder) claim() (claimed, error) {
	for range glances {
		lock, err := f.tryLock()
		if err == nil {
			return claimed{f, lock}, f.clean()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, fs.ErrNotExist) {
			return claimed{}, fmt.Errorf("folder: %w", err)
		}
		time.Sleep(look) // a client's glance, or a lab that has just ended
	}
	return claimed{}, ErrRunning
}

func (f Folder) tryLock() (*os.File, error) {
	for _, dir := range []string{filepath.Dir(string(f)), string(f)} {
		if err := private(dir); err != nil {
			return nil, err
		}
	}
	file, err := os.OpenFile(f.lock(), os.O_CREATE|os.O_RDWR, ownerOnly)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil && !isAt(file, f.lock()) {
		err = fs.ErrNotExist // its owner removed it meanwhile
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func isAt(file *os.File, path string) bool {
	a, errA := file.Stat()
	b, errB := os.Stat(path)
	return errA == nil && errB == nil && os.SameFile(a, b)
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

// clean removes everything but the lock.
func (f Folder) clean() error {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if path := f.File(e.Name()); path != f.lock() {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
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
		_ = file.Close() // it was only looked at
		if err == nil {
			return nil
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return fmt.Errorf("the lab is still ending: %w", context.Cause(ctx))
		}
	}
}
