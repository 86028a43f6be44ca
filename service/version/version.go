// Package version says which build of a program runs.
package version

import (
	"fmt"
	"runtime/debug"
)

// Build is what the Go toolchain noted when it built the program.
type Build struct {
	Version  string // of the module
	Revision string // of its source; ends in -dirty where that was changed since
	Go       string // the toolchain's version
}

const unknown = "unknown"

// Read returns the build of the running program.
func Read() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{unknown, unknown, unknown}
	}
	return from(info)
}

func from(info *debug.BuildInfo) Build {
	b := Build{info.Main.Version, unknown, info.GoVersion}
	dirty := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	if b.Version == "" {
		b.Version = unknown
	}
	b.Revision += dirty
	return b
}

// String returns the build in a line.
func (b Build) String() string {
	return fmt.Sprintf("%s, revision %s, %s", b.Version, b.Revision, b.Go)
}
