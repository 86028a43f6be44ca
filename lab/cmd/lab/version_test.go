package main

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"istio-tutorial/lab/labtest"
)

func TestBuildOf(t *testing.T) {
	t.Parallel()
	settings := []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "vcs.revision", Value: "b39d286"},
		{Key: "vcs.time", Value: "2026-11-30T00:00:00Z"}, {Key: "vcs.modified", Value: "true"}}
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"all": {&debug.BuildInfo{GoVersion: "go1.26.0", Settings: settings},
			"Revision  b39d286, modified\nTime      2026-11-30T00:00:00Z\nGo        go1.26.0\n"},
		"committed": {&debug.BuildInfo{GoVersion: "go1.26.0", Settings: settings[:2]},
			"Revision  b39d286\nGo        go1.26.0\n"},
		"no repository": {&debug.BuildInfo{GoVersion: "go1.26.0"},
			"Revision  unknown: built without its repository\nGo        go1.26.0\n"},
		"nothing": {nil, "Revision  unknown: built without its repository\nGo        unknown\n"},
	} {
		var out strings.Builder
		if err := buildOf(c.info).write(&out); err != nil {
			t.Error(err)
		}
		if want := c.want + "Envoy     none yet: bin/lab up installs it\n"; out.String() != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, out.String(), want)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "envoy")
	labtest.Program(t, program, "#!/bin/sh\necho 'envoy  version: 0/1.41.2/Clean/RELEASE/BoringSSL'\n")
	with := surroundings{env: map[string]string{"ENVOY": program}}
	got := with.run(t, "version")
	if got.status != 0 || !strings.Contains(got.stdout, runtime.Version()) ||
		!strings.Contains(got.stdout, "1.41.2 ("+program+")") {
		t.Errorf("got %+v", got)
	}
	var v version
	got = with.run(t, "version", "-o", "json")
	if err := json.Unmarshal([]byte(got.stdout), &v); err != nil || v.Envoy != "1.41.2" || v.Go != runtime.Version() {
		t.Errorf("got %+v, %v", got, err)
	}
	without := surroundings{env: map[string]string{"LAB_HOME": t.TempDir()}}
	if got := without.run(t, "version"); got.status != 0 || !strings.Contains(got.stdout, "Envoy     none yet") {
		t.Errorf("got %+v", got)
	}
	wrong := surroundings{env: map[string]string{"ENVOY": program + "2"}}
	if got := wrong.run(t, "version"); got.status != 1 || !strings.Contains(got.stderr, "$ENVOY: ") {
		t.Errorf("got %+v", got)
	}
	if got := with.run(t, "version", "-o", "xml"); got.status != 2 || !strings.Contains(got.stderr, "--output=xml: want json") {
		t.Errorf("got %+v", got)
	}
}
