package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCases holds what analyze says of files that people asked about in public. The script cases.txtar loads
// them into a lab.
func TestCases(t *testing.T) {
	t.Parallel()
	const folder = "testdata/cases"
	files, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil || len(files) < 25 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	var got strings.Builder
	for _, file := range files {
		said := surroundings{stdin: strings.NewReader(read(t, file))}.run(t, "analyze", "-f", "-")
		got.WriteString("== " + filepath.Base(file) + "\n" + said.stdout)
		for line := range strings.Lines(said.stderr) {
			if !strings.Contains(line, "issues found in stdin") {
				got.WriteString(line)
			}
		}
	}
	golden := filepath.Join(folder, "analyze.txt")
	if flag.Arg(0) == "update" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, golden); got.String() != want {
		t.Errorf("analyze says\n%s\nwant\n%s", got.String(), want)
	}
}
