package backend

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/chain"
)

// attempts is how often a backend is started: its ports may be lost to somebody else.
const attempts = 3

// launch starts what command makes, with new ports each time, and waits until the health page
// that command names too answers 200. At the end of the test, it is killed.
func launch(t testing.TB, command func() (*exec.Cmd, string, error)) *chain.Process {
	t.Helper()
	var err error
	for range attempts {
		var p *chain.Process
		if p, err = try(command); err == nil {
			t.Cleanup(p.Kill)
			return p
		}
	}
	t.Fatal(err)
	return nil
}

func try(command func() (*exec.Cmd, string, error)) (*chain.Process, error) {
	cmd, health, err := command()
	if err != nil {
		return nil, err
	}
	p, err := chain.Launch(cmd)
	if err != nil {
		return nil, err
	}
	err = await.Until(2*await.Patience, func() error {
		if err := p.Running(); err != nil {
			return await.Never(err)
		}
		a, err := chain.Ask(health)
		if err == nil && a.Status != 200 {
			err = fmt.Errorf("%s: %d", health, a.Status)
		}
		return err
	})
	if err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// once builds the file unless it is there. Tests and test runs that want it at the same time
// wait for the first of them.
func once(file string, build func() error) error {
	lock, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // which unlocks it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	return build()
}

// build builds the tool, which is a module of its own, as the file.
func build(file, tool string) error {
	cmd := exec.Command("go", "-C", tool, "build", "-trimpath", "-ldflags=-s -w", "-o", file, ".")
	cmd.Dir, cmd.Env = filepath.Dir(filepath.Dir(file)), append(os.Environ(), "GOWORK=off")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, said)
	}
	return nil
}

// out returns the named file in the folder that builds go to.
func out(t testing.TB, name string) string {
	t.Helper()
	root, err := chain.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(root+"/out", 0o755); err != nil {
		t.Fatal(err)
	}
	return root + "/out/" + name
}
