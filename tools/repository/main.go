// Command repository checks what no linter of Go code sees: the files that are tracked, who imports
// whom, and the versions of dependencies. Each finding is a line, and names the file.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run checks the repository whose root is the only argument, and returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "repository: want the root of the repository")
		return 2
	}
	status := 0
	for _, check := range []func(root string) ([]string, error){checkFiles, checkArrows, checkVersions, checkPortable} {
		findings, err := check(args[0])
		if err != nil {
			fmt.Fprintln(stderr, "repository:", err)
			return 2
		}
		for _, finding := range findings {
			fmt.Fprintln(stdout, finding)
			status = 1
		}
	}
	return status
}

// output runs a command in the folder and returns what it prints. The go command sees the workspace
// there, also when this program was started without one.
func output(dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, stderr.String())
	}
	return string(out), nil
}
