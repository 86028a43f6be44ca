package version

import (
	"runtime/debug"
	"testing"
)

func TestString(t *testing.T) {
	t.Parallel()
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "b39d286"},
			{Key: "vcs.modified", Value: modified}}
	}
	for want, info := range map[string]debug.BuildInfo{
		"v1.2.3, revision b39d286, go1.26.0":        {GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}, Settings: vcs("false")},
		"(devel), revision b39d286-dirty, go1.26.0": {GoVersion: "go1.26.0", Main: debug.Module{Version: "(devel)"}, Settings: vcs("true")},
		"unknown, revision unknown, go1.26.0":       {GoVersion: "go1.26.0"},
	} {
		if got := from(&info).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
