package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"istio-tutorial/lab/control"
)

// ErrRunning says that a lab of this name runs already.
var ErrRunning = errors.New("a lab of this name is running")

// A claim looks at the lock so often, with so long a pause: a client's look may hold it.
const (
	looks = 20
	pause = 5 * time.Millisecond
)

// ownerOnly is the mode of the lab's files and sockets.
const ownerOnly = 0o600

// claimed is a folder that no other lab can use.
type claimed struct {
	folder control.Folder
	lock   *os.File
}

func (c claimed) release() error {
	err := clean(c.folder)
	if err == nil {
		err = errors.Join(os.Remove(c.folder.Lock()), os.Remove(string(c.folder)))
	}
	if err != nil {
		err = fmt.Errorf("folder: %w", err)
	}
	_ = os.Remove(filepath.Dir(string(c.folder))) // with another lab in it, it stays
	return errors.Join(err, c.lock.Close())
}

// claim makes the folder, takes its lock, and clears what an earlier lab has left. The error is
// ErrRunning if another one holds it.
func claim(f control.Folder) (claimed, error) {
	if _, err := os.Stat(filepath.Dir(f.Folders()[0])); err != nil {
		return claimed{}, fmt.Errorf("folder of the lab: %w: is TMPDIR or XDG_RUNTIME_DIR wrong?", err)
	}
	for range looks {
		lock, err := tryLock(f)
		if err == nil {
			return claimed{f, lock}, errors.Join(sign(lock), clean(f))
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, fs.ErrNotExist) {
			return claimed{}, fmt.Errorf("folder: %w", err)
		}
		time.Sleep(pause) // a client's look, or a lab that has just ended
	}
	return claimed{}, ErrRunning
}

func tryLock(f control.Folder) (*os.File, error) {
	for _, dir := range f.Folders() {
		if err := private(dir); err != nil {
			return nil, err
		}
	}
	file, err := os.OpenFile(f.Lock(), os.O_CREATE|os.O_RDWR, ownerOnly)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil && !isAt(file, f.Lock()) {
		err = fs.ErrNotExist // its owner removed it meanwhile
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// sign writes who has the lock.
func sign(lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return err
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
	if err := control.CheckOwner(dir); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700)
}

// clean removes everything but the lock.
func clean(f control.Folder) error {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if path := f.File(e.Name()); path != f.Lock() {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}
