// Package chain builds the programs of this repository and runs them as processes: alone, or
// as the chain customer, preference, recommendation.
package chain

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// Programs is the folder that holds the built programs.
type Programs string

// Build builds the services, and the bare chain that figures are compared with, into dir:
// with the race detector if the caller was built with it, else static, as in the images.
func Build(dir string) (Programs, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	args := []string{"build", "-trimpath", "-o", dir + string(filepath.Separator)}
	env := append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"))
	if Race() {
		args = append(args, "-race")
	} else {
		env = append(env, "CGO_ENABLED=0")
	}
	args = append(args, "./customer", "./preference", "./recommendation", "./egress", "./e2e/bare")
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = root, env
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return Programs(dir), nil
}

// Root returns the repository's root folder: the nearest one, from the working folder up, with a
// go.work file.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for up := ""; dir != up; up, dir = dir, filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("go.work: not in the working folder, nor above it")
}

// Race reports whether the caller was built with the race detector.
func Race() bool {
	build, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(build.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
