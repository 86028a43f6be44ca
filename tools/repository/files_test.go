package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository makes a repository in which all the files are tracked.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		if _, err := output(root, "git", args...); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// hold compares findings in any order.
func hold(t *testing.T, got []string, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	lines := func(n int) string { return strings.Repeat("\n", n) }
	bytes := func(n int) string { return strings.Repeat(" ", n) }
	root := repository(t, map[string]string{
		"a/as_large":         bytes(100_000),
		"a/large":            bytes(100_001),
		"a/testdata/large":   bytes(1_000_000),
		"a/testdata/largest": bytes(1_000_001),
		"as_long.go":         lines(350),
		"long.go":            lines(351),
		"as_long_test.go":    lines(500),
		"long_test.go":       lines(501),
		"long.md":            lines(2000),
		"testdata/elf":       "\x7fELF\x02",
		"mach-o":             "\xcf\xfa\xed\xfe\x07",
		"fat":                "\xca\xfe\xba\xbe\x00",
		"with spaces.exe":    "MZ\x90\x00",
		"mz.txt":             "MZ are letters\n",
		"gone":               bytes(200_000),
	})
	if err := os.Remove(filepath.Join(root, "gone")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "untracked"), []byte("\x7fELF"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := checkFiles(root)
	hold(t, got, err,
		"a/large: 100001 bytes, more than 100000",
		"a/testdata/largest: 1000001 bytes, more than 1000000",
		"long.go: 351 lines, more than 350",
		"long_test.go: 501 lines, more than 500",
		"testdata/elf: is a program (ELF)",
		"mach-o: is a program (Mach-O)",
		"fat: is a program (Mach-O of several architectures)",
		"with spaces.exe: is a program (PE)",
	)
}
