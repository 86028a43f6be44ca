package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// checkVersions finds what the modules of the workspace require in more than one version: a program
// would be tested with another than it is built with. Go's own version counts, too.
func checkVersions(root string) ([]string, error) {
	var workspace struct{ Use []struct{ DiskPath string } }
	if err := edit(root, &workspace, "work"); err != nil {
		return nil, err
	}
	users := map[string]map[string][]string{} // of each version of each dependency
	add := func(path, version, user string) {
		if users[path] == nil {
			users[path] = map[string][]string{}
		}
		users[path][version] = append(users[path][version], user)
	}
	for _, use := range workspace.Use {
		var module struct {
			Go      string
			Require []struct{ Path, Version string }
		}
		if err := edit(filepath.Join(root, use.DiskPath), &module, "mod"); err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(use.DiskPath, "./")
		add("go", module.Go, name)
		for _, r := range module.Require {
			add(r.Path, r.Version, name)
		}
	}
	var findings []string
	for _, path := range slices.Sorted(maps.Keys(users)) {
		if len(users[path]) > 1 {
			findings = append(findings, path+": "+describe(users[path]))
		}
	}
	return findings, nil
}

// edit reads go.mod or go.work of the folder.
func edit(dir string, into any, kind string) error {
	text, err := output(dir, "go", kind, "edit", "-json")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

func describe(versions map[string][]string) string {
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, fmt.Sprintf("%s in %s", version, strings.Join(versions[version], ", ")))
	}
	return strings.Join(parts, "; ") + ": one version is wanted in all go.mod"
}
