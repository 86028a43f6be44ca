package book

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repository = "../../.."

func pagesOf(t *testing.T, folder string) []Page {
	t.Helper()
	pages, err := ReadAll(filepath.Join(repository, folder))
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// excerpt is a fence that shows a part of a file.
var excerpt = regexp.MustCompile("(?ms)^```yaml (\\S+/\\S+)\n(.*?)^```$")

// TestExcerpts holds the parts of files that pages show against the files.
func TestExcerpts(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"docs", "docs/zh"} {
		files, err := filepath.Glob(filepath.Join(repository, folder, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range excerpt.FindAllStringSubmatch(string(text), -1) {
				whole, err := os.ReadFile(filepath.Join(repository, m[1]))
				if err != nil {
					t.Errorf("%s: %v", file, err)
				} else if line := missing(m[2], string(whole)); line != "" {
					t.Errorf("%s: %s has no line %q there", file, m[1], line)
				}
			}
		}
	}
}

// missing is the first line of a part that a file does not have in that order; … leaves lines out.
func missing(part, whole string) string {
	lines := strings.Split(whole, "\n")
	gap := true
	for line := range strings.SplitSeq(strings.TrimSuffix(part, "\n"), "\n") {
		if strings.TrimSpace(line) == anything {
			gap = true
			continue
		}
		at := slices.Index(lines, line)
		if at < 0 || at > 0 && !gap {
			return line
		}
		lines, gap = lines[at+1:], false
	}
	return ""
}

// TestLanguages holds the pages of docs/zh/ to those of docs/: what is Typed, printed, claimed and
// quoted is the same, and only what is read and drawn is each language's own.
func TestLanguages(t *testing.T) {
	t.Parallel()
	english, chinese := pageFiles(t, "docs"), pageFiles(t, "docs/zh")
	for name, page := range english {
		other, ok := chinese[name]
		if !ok {
			t.Errorf("%s: no such page in docs/zh", page.file)
		} else if d := difference(page, other); d != "" {
			t.Error(d)
		}
	}
	for name, page := range chinese {
		if _, ok := english[name]; !ok {
			t.Errorf("%s: no such page in docs", page.file)
		}
	}
}

type pageFile struct{ file, text string }

// pageFiles are all the pages of a folder by their names, lessons or not.
func pageFiles(t *testing.T, folder string) map[string]pageFile {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, folder, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d pages: %v", folder, len(files), err)
	}
	pages := map[string]pageFile{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Base(file)] = pageFile{file, string(text)}
	}
	return pages
}

// TestReadmes holds README.zh.md to README.md in the same way.
func TestReadmes(t *testing.T) {
	t.Parallel()
	var pages []pageFile
	for _, name := range []string{"README.md", "README.zh.md"} {
		file := filepath.Join(repository, name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, pageFile{file, string(text)})
	}
	if d := difference(pages[0], pages[1]); d != "" {
		t.Error(d)
	}
}

// difference is where the blocks of a page first differ from another's, "" if nowhere.
func difference(page, other pageFile) string {
	lines, others := page.shared(), other.shared()
	for i := range min(len(lines), len(others)) {
		if a, b := lines[i], others[i]; a.text != b.text {
			return fmt.Sprintf("%s:%d: %q, and %s:%d: %q", page.file, a.number, a.text, other.file, b.number, b.text)
		}
	}
	return ""
}

type numbered struct {
	number int
	text   string
}

var anyFence = regexp.MustCompile("(?ms)^```(\\S[^\n]*)\n.*?^```$")

// shared are the lines of a page's blocks that all languages have, and its end. What a lab prints
// is one of them in a lesson; elsewhere it may have remarks.
func (p pageFile) shared() []numbered {
	own := []string{"mermaid"}
	if !fileName.MatchString(filepath.Base(p.file)) {
		own = append(own, "text")
	}
	var lines []numbered
	for _, m := range anyFence.FindAllStringSubmatchIndex(p.text, -1) {
		if slices.Contains(own, p.text[m[2]:m[3]]) {
			continue
		}
		number := strings.Count(p.text[:m[0]], "\n") + 1
		explained := false // in the reader's words, which another test holds to each other
		for line := range strings.SplitSeq(p.text[m[0]:m[1]], "\n") {
			if isTyped := strings.HasPrefix(line, "$ "); isTyped || strings.HasPrefix(line, "```") {
				explained = strings.HasPrefix(line, "$ bin/lab why")
				lines = append(lines, numbered{number, line})
			} else if !explained {
				lines = append(lines, numbered{number, line})
			}
			number++
		}
	}
	return append(lines, numbered{strings.Count(p.text, "\n"), "the end"})
}

func TestDifference(t *testing.T) {
	t.Parallel()
	command, picture := fenced("console", "$ a\nb"), fenced("mermaid", "a --> b")
	english := pageFile{"docs/07-x.md", string(page("Text.", picture, command, fenced("yaml check", "send: 1")))}
	for name, c := range map[string]struct{ zh, want string }{
		"none":    {string(page("文。", fenced("mermaid", "甲 --> 乙"), command, fenced("yaml check", "send: 1"))), ""},
		"output":  {string(page(fenced("console", "$ a\nc"), fenced("yaml check", "send: 1"))), `x.md:11: "b", and zh/07-x.md:5: "c"`},
		"edition": {string(page(command, fenced("yaml check v1", "send: 1"))), "x.md:14: \"```yaml check\", and zh/07-x.md:8: \"```yaml check v1\""},
		"missing": {string(page(command, "文。")), "x.md:14: \"```yaml check\", and zh/07-x.md:8: \"the end\""},
		"more":    {string(page(command, fenced("yaml check", "send: 1"), command)), "x.md:16: \"the end\", and zh/07-x.md:12: \"```console\""},
		"order":   {string(page(fenced("yaml check", "send: 1"), command)), "x.md:9: \"```console\", and zh/07-x.md:3: \"```yaml check\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := difference(english, pageFile{"zh/07-x.md", c.zh})
			if c.want == "" && got != "" || !strings.HasSuffix(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestRulesAreProved has every rule that a page loads be left out by one of its checks.
func TestRulesAreProved(t *testing.T) {
	t.Parallel()
	rule := regexp.MustCompile(`-f (istiofiles/\S+)`)
	for _, p := range pagesOf(t, "docs") {
		for _, edition := range Editions() {
			mutants := p.Mutants(edition)
			for _, b := range p.Blocks {
				for _, c := range b.Commands {
					m := rule.FindStringSubmatch(c.Text)
					if m == nil || !b.In(edition) || !c.loads(m[1]) {
						continue
					}
					if !slices.ContainsFunc(mutants, func(x Mutant) bool {
						return x.Mutation.Field == "" && x.Mutation.Of == m[1]
					}) {
						t.Errorf("%s:%d: no check of edition %s fails without %s", p.File, c.Line, edition, m[1])
					}
				}
			}
		}
	}
}

// TestEditions has every lesson of 2018's in the classic edition and in today's, which has more, and those in the Gateway
// API's that it can say, by docs/gateway-api.md. That lesson 6 is one of them takes its
// experimental channel, which alone has retries. The pages of docs/zh follow, by TestLanguages.
func TestEditions(t *testing.T) {
	t.Parallel()
	all := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}
	today := append(slices.Clone(all), 18, 19, 20, 21)
	want := map[string][]int{"classic": all, "v1": today, "gateway-api": {2, 3, 6, 7, 8, 9, 17, 21}}
	got := map[string][]int{}
	for _, p := range pagesOf(t, "docs") {
		for _, edition := range Editions() {
			if p.Number > 0 && p.In(edition) { // the first run is before any rule
				got[edition] = append(got[edition], p.Number)
			}
		}
	}
	for edition, numbers := range want {
		if !slices.Equal(got[edition], numbers) {
			t.Errorf("%s has lessons %d, want %d", edition, got[edition], numbers)
		}
	}
}
