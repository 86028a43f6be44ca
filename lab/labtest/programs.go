package labtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// WithServices builds the tutorial's services of a repository for the tests of a package, and names their
// folder by an environment variable. It returns the status to exit with.
func WithServices(m *testing.M, repository, variable string) int {
	dir, err := os.MkdirTemp("", "services")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	build := exec.CommandContext(context.Background(), "go", "build", "-o", dir, "./customer", "./preference", "./recommendation", "./egress")
	build.Dir = repository
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s", build, err, out)
		return 1
	}
	if err := os.Setenv(variable, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
