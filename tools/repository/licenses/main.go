// Command licenses lists the modules that programs are linked from, with their licences, and fails on
// one that is not on the list below.
//
//	licenses ROOT PACKAGE...
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/licensecheck"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// allowed reports whether the licence lets us hand on a program that is linked from what it is for. The
// last is no licence, but a grant besides one.
func allowed(license string) bool {
	return slices.Contains([]string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0",
		"GooglePatentsFile"}, license)
}

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) < 2 {
		fmt.Fprintln(stderr, "licenses: want the root of the repository, and packages")
		return 2
	}
	modules, err := linked(args[0], args[1:])
	if err == nil {
		err = list(stdout, modules)
	}
	if err != nil {
		fmt.Fprintln(stderr, "licenses:", err)
		return 1
	}
	return 0
}

// module is a module of which a program has at least a package.
type module struct {
	path, version, dir string
	files              []string // the texts: LICENSE, NOTICE and the like
}

// linked returns what the packages are linked from, and Go's own library.
func linked(root string, packages []string) ([]module, error) {
	const format = "{{if not .Standard}}{{.Dir}}\t{{with .Module}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}"
	deps, err := command(root, "go", append([]string{"list", "-deps", "-f", format}, packages...)...)
	if err != nil {
		return nil, err
	}
	goroot, err := command(root, "go", "env", "GOROOT", "GOVERSION")
	if err != nil {
		return nil, err
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(goroot), "\n")
	std := &module{path: "std", version: version, dir: dir}
	all := map[string]*module{std.path: std}
	if err := std.collect(dir); err != nil {
		return nil, err
	}
	for line := range strings.Lines(deps) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 4 || fields[2] == "" {
			continue // of Go's own library, or without a version: of this repository
		}
		name := fields[1]
		if all[name] == nil {
			all[name] = &module{path: name, version: fields[2], dir: fields[3]}
		}
		if err := all[name].collect(fields[0]); err != nil {
			return nil, err
		}
	}
	var modules []module
	for _, m := range all {
		modules = append(modules, *m)
	}
	slices.SortFunc(modules, func(a, b module) int { return cmp.Compare(a.path, b.path) })
	return modules, nil
}

// collect finds the texts that hold for the package: in its folder, and in those above up to the module's.
func (m *module) collect(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		file := filepath.Join(dir, entry.Name())
		if entry.Type().IsRegular() && isText(entry.Name()) && !slices.Contains(m.files, file) {
			m.files = append(m.files, file)
		}
	}
	if parent := filepath.Dir(dir); dir != m.dir && parent != dir {
		return m.collect(parent)
	}
	return nil
}

func isText(name string) bool {
	return regexp.MustCompile(`(?i)^(licen[cs]es?|copying|notice|patents)([-._].*)?$`).MatchString(name) &&
		!strings.HasSuffix(name, ".go")
}

// licenses returns the names of the licences in the module's texts.
func (m *module) licenses() ([]string, error) {
	var names []string
	for _, file := range m.files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, match := range licensecheck.Scan(text).Match {
			if !match.IsURL && !slices.Contains(names, match.ID) {
				names = append(names, match.ID)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// list prints the modules. Its error names those without a licence, or with one that is not allowed.
func list(w io.Writer, modules []module) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var refused []error
	for _, m := range modules {
		names, err := m.licenses()
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.path, m.version, strings.Join(names, ", "))
		if len(names) == 0 {
			refused = append(refused, fmt.Errorf("%s: no licence found", m.path))
		}
		for _, name := range names {
			if !allowed(name) {
				refused = append(refused, fmt.Errorf("%s: %s is not allowed", m.path, name))
			}
		}
	}
	return errors.Join(append(refused, table.Flush())...)
}

// command runs a command in the root, and in the workspace there.
func command(root, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOWORK=")
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, failed.Stderr)
	}
	return string(out), err
}
