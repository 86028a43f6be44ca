package main

import (
	"flag"
	"fmt"
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

// TestShortComplaints holds that what is long, or many, in a file is not so in what is said of it.
func TestShortComplaints(t *testing.T) {
	t.Parallel()
	const rule = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: NAME, namespace: NAMESPACE}\n" +
		"spec: {hosts: [recommendation], http: [{timeout: TIMEOUT, route: [{destination: {host: recommendation}}]}]}\n---\n"
	made := func(name, namespace, timeout string) string {
		return strings.NewReplacer("NAMESPACE", namespace, "NAME", name, "TIMEOUT", timeout).Replace(rule)
	}
	var many strings.Builder
	for i := range 300 {
		many.WriteString(made(fmt.Sprintf("rule-%d", i), "a", "1s"))
	}
	long := strings.Repeat("a", 900_000)
	for name, c := range map[string]struct{ text, says string }{
		"many of one host":    {many.String(), " and 290 more "},
		"a long value":        {made("x", "a", long), "timeout"},
		"a namespace as path": {made("x", "../../x", "1s"), "metadata.namespace"},
		"a long namespace":    {made("x", long[:300], "1s"), "metadata.namespace"},
		"a foreign namespace": {made("x", "ü", "1s"), "metadata.namespace"},
		"escapes in its name": {made(`"\e[31mred"`, "a", "1s"), `\x1b[31mred`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := surroundings{stdin: strings.NewReader(c.text)}.run(t, "analyze", "-f", "-")
			all := said.stdout + said.stderr
			if said.status == ok || !strings.Contains(all, c.says) || strings.Contains(all, "\x1b") {
				t.Errorf("%d: %.2000s", said.status, all)
			}
			for line := range strings.Lines(all) {
				if len(line) > 2000 {
					t.Errorf("%d bytes: %.200s", len(line), line)
				}
			}
		})
	}
}
