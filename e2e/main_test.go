package e2e

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/e2e/chain"
)

func TestMain(m *testing.M) {
	status, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// run builds the programs for all tests, and looks for what the tests left behind.
func run(m *testing.M) (int, error) {
	if os.Getenv("E2E_PROGRAMS") == "" {
		dir, err := os.MkdirTemp("", "e2e")
		if err != nil {
			return 1, err
		}
		defer os.RemoveAll(dir)
		if _, err := chain.Build(dir); err != nil {
			return 1, err
		}
		if err := os.Setenv("E2E_PROGRAMS", dir); err != nil {
			return 1, err
		}
	}
	return m.Run(), nothingLeft()
}

// nothingLeft returns an error if a child process of the tests still runs.
func nothingLeft() error {
	_, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	if errors.Is(err, syscall.ECHILD) {
		return nil
	}
	return errors.Join(errors.New("a process was left behind"), err)
}

func programs() chain.Programs { return chain.Programs(os.Getenv("E2E_PROGRAMS")) }

// need skips the test if it is to do without what it needs.
func need(t testing.TB, what string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("E2E_WITHOUT"), ","), what) {
		t.Skip("SKIP: E2E_WITHOUT lists " + what)
	}
}
