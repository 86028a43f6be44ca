// Package envoy finds the Envoy program, says how to start it, and asks a running one about
// itself. It starts nothing, and knows no mesh.
package envoy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Oldest is the first minor version of Envoy whose behaviour the lab relies on.
const Oldest = "1.40"

// ErrNotFound says that there is no Envoy, and how to come by one.
var ErrNotFound = errors.New("envoy: not found: bin/install-envoy.sh installs it into out/, " +
	"or name one by ENVOY=/path/to/envoy")

// Program is an Envoy that can be started.
type Program struct {
	Path    string // absolute
	Version string // such as 1.40.0
}

// Search says where to look for Envoy.
type Search struct {
	// Getenv reads ENVOY, the program to take without a further look, and PATH. Required.
	Getenv func(string) string
	// Root is the folder whose out/envoy is the last to be tried. Optional.
	Root string
}

// Find returns the first Envoy that is new enough: $ENVOY alone if it is set, else the one on the
// PATH, else out/envoy below the root. The error of one that is too old says so; ErrNotFound is
// the error if there is none at all.
func (s Search) Find(ctx context.Context) (Program, error) {
	if path := s.Getenv("ENVOY"); path != "" {
		p, err := inspect(ctx, path)
		if err != nil {
			return Program{}, fmt.Errorf("$ENVOY: %w", err)
		}
		return p, nil
	}
	var unfit error
	for _, path := range s.candidates() {
		p, err := inspect(ctx, path)
		if err == nil {
			return p, nil
		}
		unfit = errors.Join(unfit, err)
	}
	if unfit != nil {
		return Program{}, fmt.Errorf("%w\n%w", unfit, ErrNotFound)
	}
	return Program{}, ErrNotFound
}

func (s Search) candidates() []string {
	folders := slices.DeleteFunc(filepath.SplitList(s.Getenv("PATH")), func(folder string) bool {
		return !filepath.IsAbs(folder) // the working folder's programs are not to be trusted
	})
	if s.Root != "" {
		folders = append(folders, filepath.Join(s.Root, "out"))
	}
	var list []string
	for _, folder := range folders {
		path := filepath.Join(folder, "envoy")
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			list = append(list, path)
		}
	}
	return list
}

// inspect asks a program which Envoy it is.
func inspect(ctx context.Context, path string) (Program, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Program{}, err
	}
	out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if err != nil {
		return Program{}, fmt.Errorf("%s --version: %w: %s", path, err, firstLine(out))
	}
	version := versionPattern.FindString(string(out))
	if version == "" {
		return Program{}, fmt.Errorf("%s --version: not an Envoy's answer: %s", path, firstLine(out))
	}
	version = strings.Trim(version, "/")
	if older(version, Oldest) {
		return Program{}, fmt.Errorf("%s is Envoy %s, and the lab needs %s or newer",
			path, version, Oldest)
	}
	return Program{Path: path, Version: version}, nil
}

// versionPattern is the second part of COMMIT/VERSION/STATE/BUILD/TLS.
var versionPattern = regexp.MustCompile(`/\d+\.\d+\.\d+[^/\s]*/`)

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// older compares the major and minor numbers.
func older(version, than string) bool {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range 2 {
		x, _ := strconv.Atoi(a[i])
		y, _ := strconv.Atoi(b[i])
		if x != y {
			return x < y
		}
	}
	return false
}
