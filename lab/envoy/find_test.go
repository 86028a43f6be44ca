package envoy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/envoy"
)

// program writes a program that says it is an Envoy of some version, or whatever else.
func program(t *testing.T, folder, says string) string {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "envoy")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+says+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func version(v string) string {
	return "echo; echo 'envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/" + v + "/Clean/RELEASE/BoringSSL'"
}

func TestFind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	newest, old := program(t, in("new"), version("1.41.0-dev")), program(t, in("old"), version("1.9.1"))
	exact := program(t, in("exact"), version("1.40.0"))
	broken, other := program(t, in("broken"), "echo boo >&2; exit 3"), program(t, in("other"), "echo 1.40")
	out := program(t, in("root/out"), version("1.40.7"))
	for name, c := range map[string]struct {
		env, path, root string
		want            envoy.Program
		err             string
	}{
		"named":                   {env: newest, path: in("exact"), want: envoy.Program{Path: newest, Version: "1.41.0-dev"}},
		"named, old":              {env: old, path: in("exact"), err: "$ENVOY: " + old + " is Envoy 1.9.1, and the lab needs 1.40 or newer"},
		"named, broken":           {env: broken, path: in("exact"), err: "exit status 3: boo"},
		"named, something else":   {env: other, err: "not an Envoy's answer: 1.40"},
		"named, missing":          {env: in("nope"), path: in("exact"), err: "no such file"},
		"on the path":             {path: in("nope") + ":" + in("exact"), root: in("root"), want: envoy.Program{Path: exact, Version: "1.40.0"}},
		"on the path, first old":  {path: in("old") + ":" + in("new"), want: envoy.Program{Path: newest, Version: "1.41.0-dev"}},
		"old, then the root's":    {path: in("old"), root: in("root"), want: envoy.Program{Path: out, Version: "1.40.7"}},
		"old only":                {path: in("old"), err: "is Envoy 1.9.1"},
		"the root's":              {root: in("root"), want: envoy.Program{Path: out, Version: "1.40.7"}},
		"none":                    {path: in("nope"), root: in("nope"), err: "bin/install-envoy.sh"},
		"not from where we stand": {path: ".:", err: "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"ENVOY": c.env, "PATH": c.path}
			s := envoy.Search{Getenv: func(key string) string { return env[key] }, Root: c.root}
			got, err := s.Find(t.Context())
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want one with %q", err, c.err)
				}
				if named := c.env != ""; errors.Is(err, envoy.ErrNotFound) == named {
					t.Errorf("%v: is it not found?", err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}
