package prose_test

import (
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/lesson/prose"
)

// folded are all lines of a text in one folder.
func folded(width int, text string) string {
	f := prose.Folder{Width: width}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, f.Fold(line)...)
	}
	return strings.Join(lines, "\n")
}

func TestFold(t *testing.T) {
	t.Parallel()
	const table = "NAME      TO             FAULTS     END\n" +
		"one       first, next    none       x y\n" +
		"second    a              none"
	for name, c := range map[string]struct {
		width      int
		text, want string
	}{
		"no terminal": {0, strings.Repeat("word ", 100), strings.Repeat("word ", 100)},
		"room enough": {39, "NAME      TO             FAULTS     END", "NAME      TO             FAULTS     END"},
		"a table": {30, table, "NAME      TO\n  FAULTS     END\none       first, next\n  none       x y\n" +
			"second    a\n  none"},
		"three lines": {
			14, "NAME      TO             FAULTS     END\none       first, next    none       x y",
			"NAME      TO\n  FAULTS\n  END\none\n  first, next\n  none\n  x y",
		},
		"another text": {30, "NAME      TO             FAULTS\nno table", "NAME      TO\n  FAULTS\nno table"},
		"words":        {20, "warning: this is too long for it", "warning: this is too\n  long for it"},
		"a long word":  {10, "a /a/very/long/path of it", "a\n  /a/very/long/path\n  of it"},
		"a list": {
			20, "Rules  one two three, four\nPods   5 of 5 ready and more", "Rules  one two\n       three, four\nPods   5 of 5 ready\n       and more",
		},
		"an indent":   {12, "    two words more", "    two\n  words more"},
		"a long cell": {20, "A       B       C\n1       one two three four five       x", "A       B       C\n1\n  one two three four\n    five\n  x"},
		"Chinese":     {12, "没有这样的 主机 名字", "没有这样的\n  主机 名字"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := folded(c.width, c.text); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestFoldKeeps holds that no character but blanks is lost, at any width.
func TestFoldKeeps(t *testing.T) {
	t.Parallel()
	const text = "RULE                     MATCH   TO                          TIMEOUT\n" +
		"recommendation-default   all     recommendation version=v1   none\n\n  and what: is below it, in words of its own"
	for width := range 90 {
		if got := strings.Fields(folded(width, text)); !slices.Equal(got, strings.Fields(text)) {
			t.Errorf("width %d: %q", width, got)
		}
	}
}

// TestFoldLike breaks rows where the widest are.
func TestFoldLike(t *testing.T) {
	t.Parallel()
	f := prose.Folder{Width: 20}
	f.Like("xxxxx   yyyyyyyyyyyy   zzz")
	var lines []string
	for _, line := range []string{"A       B              C", "aaaaa   bbbbbbbbbbbb   c", "a                      c", "a       b", "", "A       B              C"} {
		lines = append(lines, f.Fold(line)...)
	}
	want := []string{"A       B", "  C", "aaaaa   bbbbbbbbbbbb", "  c", "a", "  c", "a       b", "", "A       B", "  C"}
	if !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
}
