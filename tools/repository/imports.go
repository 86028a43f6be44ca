package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// tableHeading is the heading in CONTRIBUTING.md above the table of who may import whom.
const tableHeading = "## Who may import whom"

// project is what all import paths of the project begin with.
const project = "istio-tutorial/"

// room is a row of the table: a folder of packages, and what these may import. Packages belong to
// the row with the longest name that fits. Within a room, and from the standard library, all is allowed.
type room struct {
	name      string
	rooms     []string // rooms of the project
	libraries []string // paths that begin so
}

// checkArrows finds the imports that the table in CONTRIBUTING.md does not allow, and what in the
// table no package needs. Tests are free.
func checkArrows(root string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		return nil, err
	}
	rooms, err := parseTable(string(text))
	if err != nil {
		return nil, fmt.Errorf("CONTRIBUTING.md: %w", err)
	}
	packages, err := listImports(root)
	if err != nil {
		return nil, err
	}
	return compare(rooms, packages), nil
}

// parseTable reads the rows. Names stand between backquotes; anything else in a cell is for the reader.
func parseTable(text string) ([]room, error) {
	_, text, ok := strings.Cut(text, "\n"+tableHeading+"\n")
	if !ok {
		return nil, fmt.Errorf("no heading %q", tableHeading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var rooms []room
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || len(quoted(cells[1])) == 0 { // with nothing before the first and after the last
			continue
		}
		for _, name := range quoted(cells[1]) {
			rooms = append(rooms, room{name, quoted(cells[2]), quoted(cells[3])})
		}
	}
	if len(rooms) == 0 {
		return nil, errors.New("no table of three columns below " + tableHeading)
	}
	return rooms, nil
}

func quoted(cell string) []string {
	var names []string
	for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		names = append(names, found[1])
	}
	return names
}

// listImports returns the imports of each package of the workspace, without those of the standard library.
func listImports(root string) (map[string][]string, error) {
	list, err := output(root, "go", "list", "-tags=images,cluster",
		"-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "work")
	if err != nil {
		return nil, err
	}
	packages := map[string][]string{}
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		imports := slices.DeleteFunc(fields[1:], func(path string) bool {
			first, _, _ := strings.Cut(path, "/")
			return !strings.HasPrefix(path, project) && !strings.Contains(first, ".")
		})
		packages[strings.TrimPrefix(fields[0], project)] = imports
	}
	return packages, nil
}

// compare returns what the packages import and may not, and what they may and do not.
func compare(rooms []room, packages map[string][]string) []string {
	var findings []string
	needed := map[string]bool{} // "ROOM" and "ROOM > IMPORT"
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		from, ok := roomOf(rooms, name)
		if !ok {
			findings = append(findings, name+": has no row in CONTRIBUTING.md: "+tableHeading)
			continue
		}
		needed[from.name] = true
		for _, path := range packages[name] {
			to, allowed := from.allows(rooms, path)
			needed[from.name+" > "+to] = true
			if !allowed {
				findings = append(findings, fmt.Sprintf("%s: imports %s, which CONTRIBUTING.md does not allow",
					name, strings.TrimPrefix(path, project)))
			}
		}
	}
	return append(findings, unneeded(rooms, needed)...)
}

func unneeded(rooms []room, needed map[string]bool) []string {
	var findings []string
	for _, r := range rooms {
		if !needed[r.name] {
			findings = append(findings, "CONTRIBUTING.md: `"+r.name+"` has a row and no package")
			continue
		}
		for _, to := range slices.Concat(r.rooms, r.libraries) {
			if !needed[r.name+" > "+to] {
				findings = append(findings, fmt.Sprintf("CONTRIBUTING.md: `%s` may import `%s`, and does not", r.name, to))
			}
		}
	}
	return findings
}

// roomOf returns the room that the package is in: the one with the longest name that fits.
func roomOf(rooms []room, name string) (room, bool) {
	var found room
	for _, r := range rooms {
		if within(name, r.name) && len(r.name) > len(found.name) {
			found = r
		}
	}
	return found, found.name != ""
}

// allows reports whether the room may import the path, and by which entry of its row.
func (r room) allows(rooms []room, path string) (entry string, ok bool) {
	inner, ours := strings.CutPrefix(path, project)
	if ours {
		to, _ := roomOf(rooms, inner)
		return to.name, to.name == r.name || slices.Contains(r.rooms, to.name)
	}
	for _, library := range r.libraries {
		if within(path, library) {
			return library, true
		}
	}
	return "", false
}

// within reports whether the path is the folder or below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
