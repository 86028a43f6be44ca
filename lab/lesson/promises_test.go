package lesson

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// claimsFile has each sentence of README.md and docs/*.md that promises something, PAGE: SENTENCE, and in
// the lines below it, after a tab, the tests that hold it:
//
//	lesson N            the checks of a lesson's page
//	script NAME         lab/cmd/lab/testdata/script/NAME.txtar
//	FOLDER TestName     a test of the package in a folder
//
// A sentence that ends with … stands for all that begin so. `go test ./lab/lesson -run TestClaims -args
// claims` writes the file anew: it drops sentences that are gone, keeps the tests of one that was changed
// a little, and puts ? where a test is to be named.
const claimsFile = "testdata/claims.txt"

const repository = "../.."

const untested = "?"

// claim is a sentence, and what holds it.
type claim struct {
	page, sentence string
	tests          []string
}

// promise is a word of a sentence that must be held by a test.
var promise = regexp.MustCompile(`(?i)\b(warn(s|ed|ing)?|says|never|always|refuses)\b`)

// TestClaims holds that each sentence that promises something is held by a test that is there.
func TestClaims(t *testing.T) {
	t.Parallel()
	promised, have := promises(t), claims(t)
	if flag.Arg(0) == "claims" {
		writeClaims(t, promised, have)
		return
	}
	for _, p := range promised {
		if !slices.ContainsFunc(have, p.isOf) {
			t.Errorf("%s: no test is named for %q", p.page, p.sentence)
		}
	}
	for _, c := range have {
		if !slices.ContainsFunc(promised, func(p claim) bool { return p.isOf(c) }) {
			t.Errorf("%s: it no longer has the sentence %q", c.page, c.sentence)
		}
		for _, test := range c.tests {
			if !isTest(t, test) {
				t.Errorf("%s: there is no test %q, which is to hold %q", c.page, test, c.sentence)
			}
		}
		if len(c.tests) == 0 {
			t.Errorf("%s: no test holds %q", c.page, c.sentence)
		}
	}
}

// isOf reports whether a sentence is that of an entry.
func (c claim) isOf(entry claim) bool {
	start, isStart := strings.CutSuffix(entry.sentence, "…")
	return c.page == entry.page &&
		(c.sentence == entry.sentence || isStart && strings.HasPrefix(c.sentence, start))
}

// isTest reports whether a test is there.
func isTest(t *testing.T, name string) bool {
	t.Helper()
	where, what, _ := strings.Cut(name, " ")
	switch where {
	case untested:
		return false
	case "lesson":
		pages, err := filepath.Glob(filepath.Join(repository, "docs", fmt.Sprintf("%02s-*.md", what)))
		return err == nil && len(pages) == 1 && strings.Contains(readFile(t, pages[0]), "```yaml check")
	case "script":
		_, err := os.Stat(filepath.Join(repository, "lab/cmd/lab/testdata/script", what+".txtar"))
		return err == nil
	}
	files, err := filepath.Glob(filepath.Join(repository, where, "*_test.go"))
	return err == nil && slices.ContainsFunc(files, func(file string) bool {
		return strings.Contains(readFile(t, file), "\nfunc "+what+"(")
	})
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// claims are those of the file.
func claims(t *testing.T) []claim {
	t.Helper()
	var list []claim
	for line := range strings.Lines(readFile(t, claimsFile)) {
		page, sentence, isSentence := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		test, isTest := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case isTest && len(list) > 0:
			list[len(list)-1].tests = append(list[len(list)-1].tests, test)
		case isSentence && !strings.HasPrefix(line, "#"):
			list = append(list, claim{page: page, sentence: sentence})
		}
	}
	return list
}

// promises are the sentences that promise something, in the order of the pages.
func promises(t *testing.T) []claim {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var list []claim
	for _, file := range append([]string{filepath.Join(repository, "README.md")}, pages...) {
		page, err := filepath.Rel(repository, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sentences(readFile(t, file)) {
			if promise.MatchString(s) {
				list = append(list, claim{page: filepath.ToSlash(page), sentence: s})
			}
		}
	}
	return list
}

var (
	codeBlock   = regexp.MustCompile("(?ms)^```.*?^```$")
	linked      = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	newItem     = regexp.MustCompile(`^([-*]|\d+\.) `)
	sentenceEnd = regexp.MustCompile("[.!?:][*)]{0,2} +[A-Z`*[0-9]")
)

// sentences are those of a page's prose, each once, without links' addresses; a heading and a row of a
// table are one each.
func sentences(text string) []string {
	var list []string
	add := func(s string) {
		s = linked.ReplaceAllString(s, "$1")
		if s = strings.Join(strings.Fields(s), " "); s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	paragraph := ""
	end := func() {
		for paragraph != "" {
			at := sentenceEnd.FindStringIndex(paragraph)
			if at == nil {
				add(paragraph)
				break
			}
			add(paragraph[:at[1]-1])
			paragraph = paragraph[at[1]-1:]
		}
		paragraph = ""
	}
	for line := range strings.Lines(codeBlock.ReplaceAllString(text, "\n")) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "> "))
		whole := strings.HasPrefix(line, "|") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "<")
		if whole || line == "" || newItem.MatchString(line) {
			end()
		}
		if whole {
			add(line)
		} else {
			paragraph += line + " "
		}
	}
	end()
	return list
}

// writeClaims writes the file for the sentences that there are.
func writeClaims(t *testing.T, promised, have []claim) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Which test holds which sentence; see promises_test.go.\n")
	var written []claim
	for _, p := range promised {
		entry := claim{p.page, p.sentence, []string{untested}}
		if i := slices.IndexFunc(have, p.isOf); i >= 0 {
			entry = have[i]
		} else if near := nearest(p, have, promised); near != nil {
			entry.tests = near
		}
		if slices.ContainsFunc(written, func(c claim) bool { return c.page == entry.page && c.sentence == entry.sentence }) {
			continue
		}
		written = append(written, entry)
		fmt.Fprintf(&b, "%s: %s\n", entry.page, entry.sentence)
		for _, test := range entry.tests {
			fmt.Fprintf(&b, "\t%s\n", test)
		}
	}
	if err := os.WriteFile(claimsFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// nearest are the tests of the entry of the page that has most of a sentence's words, if that is more
// than half, and its own sentence is gone.
func nearest(p claim, have, promised []claim) []string {
	words := func(s string) map[string]bool {
		set := map[string]bool{}
		for _, w := range strings.Fields(s) {
			set[w] = true
		}
		return set
	}
	share := func(c claim) int {
		mine, theirs := words(p.sentence), words(c.sentence)
		both := maps.Clone(mine)
		maps.DeleteFunc(both, func(w string, _ bool) bool { return !theirs[w] })
		return 100 * len(both) / max(len(mine), len(theirs), 1)
	}
	gone := slices.DeleteFunc(slices.Clone(have), func(c claim) bool {
		return c.page != p.page || slices.ContainsFunc(promised, func(other claim) bool { return other.isOf(c) })
	})
	const half = 50
	if len(gone) == 0 {
		return nil
	}
	best := slices.MaxFunc(gone, func(a, b claim) int { return cmp.Compare(share(a), share(b)) })
	if share(best) <= half {
		return nil
	}
	return best.tests
}

// TestSentences reads prose as the claims do.
func TestSentences(t *testing.T) {
	t.Parallel()
	const page = "# A head: it says\n\nOne\nline. `Two` [says](a.md), never. **Three.** Four: 5 Five.\n\n" +
		"- an item\n  goes on\n- Another.\n\n| a row. Of two | b |\n\n```sh\nno. Prose\n```\n\n> A question? Yes.\n"
	want := []string{"# A head: it says", "One line.", "`Two` says, never.", "**Three.**", "Four:", "5 Five.",
		"- an item goes on", "- Another.", "| a row. Of two | b |", "A question?", "Yes."}
	if got := sentences(page); !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}
