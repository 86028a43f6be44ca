package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The limits of tracked files. CONTRIBUTING.md names them.
const (
	largest         = 1_000_000 // bytes, of any file
	largestReadable = 100_000   // bytes, outside testdata
	longest         = 350       // lines of Go
	longestTest     = 500
)

// checkFiles finds the tracked files that are too large or too long, and the programs among them.
func checkFiles(root string) ([]string, error) {
	list, err := output(root, "git", "ls-files", "-z")
	if err != nil {
		return nil, err
	}
	var findings []string
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		found, err := checkFile(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			return nil, err
		}
		for _, finding := range found {
			findings = append(findings, name+": "+finding)
		}
	}
	return findings, nil
}

func checkFile(root, name string) ([]string, error) {
	path := filepath.Join(root, filepath.FromSlash(name))
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	var findings []string
	if limit := sizeLimit(name); info.Size() > int64(limit) {
		findings = append(findings, fmt.Sprintf("%d bytes, more than %d", info.Size(), limit))
	}
	start, err := head(path)
	if err != nil {
		return nil, err
	}
	if kind := program(start); kind != "" {
		findings = append(findings, "is a program ("+kind+")")
	}
	if limit := lineLimit(name); limit > 0 {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if lines := bytes.Count(text, []byte("\n")); lines > limit {
			findings = append(findings, fmt.Sprintf("%d lines, more than %d", lines, limit))
		}
	}
	return findings, nil
}

func sizeLimit(name string) int {
	if strings.Contains("/"+name, "/testdata/") {
		return largest
	}
	return largestReadable
}

// lineLimit returns 0 for what is not Go.
func lineLimit(name string) int {
	switch {
	case strings.HasSuffix(name, "_test.go"):
		return longestTest
	case strings.HasSuffix(name, ".go"):
		return longest
	}
	return 0
}

// head returns the first bytes of the file.
func head(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	start, err := io.ReadAll(io.LimitReader(f, 512))
	return start, err
}

// program returns the format of a program that starts with these bytes, or "".
func program(start []byte) string {
	for _, format := range []struct{ name, magic string }{
		{"ELF", "\x7fELF"},
		{"Mach-O", "\xfe\xed\xfa\xce"}, {"Mach-O", "\xfe\xed\xfa\xcf"},
		{"Mach-O", "\xce\xfa\xed\xfe"}, {"Mach-O", "\xcf\xfa\xed\xfe"},
		{"Mach-O of several architectures", "\xca\xfe\xba\xbe"},
	} {
		if bytes.HasPrefix(start, []byte(format.magic)) {
			return format.name
		}
	}
	if bytes.HasPrefix(start, []byte("MZ")) && bytes.ContainsRune(start, 0) { // a text may begin so, too
		return "PE"
	}
	return ""
}
