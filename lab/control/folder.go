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
	base, variable := filepath.Join(os.TempDir(), "istio-tutorial-"+strconv.Itoa(os.Getuid())), "TMPDIR"
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		base, variable = filepath.Join(dir, "istio-tutorial"), "XDG_RUNTIME_DIR"
	}
	f := Folder(filepath.Join(base, name))
	if over := len(f) + 1 + longestSocket - longestPath; over > 0 {
		return "", fmt.Errorf("%s: %d bytes too long for sockets in it: set a shorter %s", f, over, variable)
	}
	return f, nil
}

// File is the path of a file in the folder.
func (f Folder) File(name string) string { return filepath.Join(string(f), name) }

// Socket is where the lab answers a Client.
func (f Folder) Socket() string { return f.File("control") }

// Lock is the file whose lock a running lab holds until it has ended, in whatever way. Its text is
// the number of the lab's process.
func (f Folder) Lock() string { return f.File("lock") }

// PID is the process that has, or had, the lock; 0 where none did.
func (f Folder) PID() int {
	data, err := os.ReadFile(f.Lock())
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(string(data)) // one that is being written is none yet
	return pid
}

// Others are the folders of the user's other labs.
func (f Folder) Others() []Folder {
	base := filepath.Dir(string(f))
	entries, _ := os.ReadDir(base) // without it there are none
	var list []Folder
	for _, e := range entries {
		if other := Folder(filepath.Join(base, e.Name())); other != f && other.PID() != 0 {
			list = append(list, other)
		}
	}
	return list
}

// Name is that of the lab.
func (f Folder) Name() string { return filepath.Base(string(f)) }

// CheckOwner refuses a folder that is not this user's, and a link in place of one: whoever made
// it could answer for the lab. The error is fs.ErrNotExist where there is none.
func CheckOwner(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s: not a folder of yours", dir)
	}
	return nil
}

// Folders are those on the way to the sockets that are to be the user's alone, the outer first.
func (f Folder) Folders() []string { return []string{filepath.Dir(string(f)), string(f)} }

// checkPrivate refuses folders that another user made, or could enter.
func (f Folder) checkPrivate() error {
	for _, dir := range f.Folders() {
		if err := CheckOwner(dir); err != nil {
			return err
		}
		info, err := os.Lstat(dir)
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			return fmt.Errorf("%s: open to other users (mode %#o): chmod 700 it", dir, mode)
		}
	}
	return nil
}

// look is the pause between two looks at the lock.
const look = 5 * time.Millisecond

// waitFree returns when no lab holds the folder. A lab removes its lock, then the folder: without
// the one, the other is waited for.
func (f Folder) waitFree(ctx context.Context) error {
	for {
		free, err := f.free()
		if free || err != nil {
			return err
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return fmt.Errorf("the lab is still ending: %w", context.Cause(ctx))
		}
	}
}

func (f Folder) free() (bool, error) {
	file, err := os.Open(f.Lock())
	if errors.Is(err, fs.ErrNotExist) {
		_, err := os.Stat(string(f))
		return errors.Is(err, fs.ErrNotExist), nil
	}
	if err != nil {
		return false, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	_ = file.Close() // it was only looked at
	return err == nil, nil
}
