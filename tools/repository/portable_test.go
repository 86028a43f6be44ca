package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestPortable(t *testing.T) {
	t.Parallel()
	bad := []string{
		"mapfile -t lines <file", "declare -A seen", "echo ${name,,}", "echo ${name^}", "wait -n", "make |& tee log",
		"sed -i s/a/b/ f", "sed -n -r s/a/b/ f", `sed 's/a/\t/' f`, `x | grep 'a\|b'`, "ls --color", "grep -oP x f", "stat -c %s f",
		"readlink -f f", "date -d now", "date +%s%N", "find . -printf x", "x | xargs -r rm", "head -n -1 f", "base64 -w0 f",
		"x=$(ss -ltn)", "if timeout 3 x; then", "\t@timeout 3 x", "command -v ss >/dev/null",
	}
	good := []string{
		"#!/bin/sh", "# sed -i is GNU's", "sed -n '2,5s/^# //p' f", "sed -E 's/a|b//' f", "grep -m 1 x f", "head -n 1 f", "readlink f",
		"date +%s", "echo ${name:-x} ${name##*/} ${name%%=*}", "mktemp -d", "stop=1 timeout=3 x", "lesson less", "stat -f %z f",
		"curl --max-time 1 x", "wait $pid", "go run x --timeout 3",
	}
	root := repository(t, map[string]string{
		"bin/bad":    "#!/bin/sh\n" + strings.Join(bad, "\n") + "\n",
		"bin/good":   strings.Join(good, "\n") + "\n",
		"bin/a.txt":  "sed -i s/a/b/ f\n",
		"Makefile":   "x:\n\tsed -i s/a/b/ f\n",
		"other/bad":  "#!/bin/sh\nsed -i s/a/b/ f\n",
		".ci/run":    "#!/bin/sh\nmapfile x\n",
		"tools/none": "",
	})
	got, err := checkPortable(root)
	if err != nil {
		t.Fatal(err)
	}
	found := strings.Join(got, "\n")
	for i, line := range bad {
		if n := strings.Count(found+"\n", fmt.Sprintf("bin/bad:%d: ", i+2)); n < 1 {
			t.Errorf("%s: not found", line)
		}
	}
	if strings.Count(found, "Makefile:2: ") != 1 || strings.Contains(found, "bin/good") || strings.Contains(found, "other/") ||
		strings.Contains(found, "a.txt") || strings.Contains(found, ".ci/") {
		t.Errorf("found\n%s", found)
	}
}
