package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// message of Istio's list.
type istioMessage struct{ level, name, template string }

const messageFolder = "testdata/messages"

// istioMessages are all that Istio has, by code, as testdata has them.
func istioMessages(t *testing.T) map[string]istioMessage {
	t.Helper()
	list := map[string]istioMessage{}
	for line := range strings.Lines(read(t, filepath.Join(messageFolder, "list.txt"))) {
		if fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4); strings.HasPrefix(line, "IST") {
			list[fields[0]] = istioMessage{fields[1], fields[2], strings.ReplaceAll(fields[3], `\"`, `"`)}
		}
	}
	if len(list) < 60 {
		t.Fatalf("%d messages", len(list))
	}
	return list
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// messageRows are the rows of a page's tables that begin with a code: those of four columns are said, those of
// three are not.
func messageRows(t *testing.T, page string) (said, unsaid map[string][]string) {
	t.Helper()
	said, unsaid = map[string][]string{}, map[string][]string{}
	for line := range strings.Lines(read(t, filepath.Join(repository, page))) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		switch {
		case !strings.HasPrefix(line, "| IST"):
		case len(cells) == 4:
			said[cells[0]] = cells
		default:
			unsaid[cells[0]] = cells
		}
	}
	return said, unsaid
}

// verbs are what a template has for its arguments.
var verbs = regexp.MustCompile(`%[vsdq]`)

// shape is a template as the page has it.
func shape(template string) string {
	text := "`" + verbs.ReplaceAllString(strings.ReplaceAll(template, "%q", `"%s"`), "…") + "`"
	if strings.Count(text, "`") > 2 {
		return "`` " + text[1:len(text)-1] + " ``"
	}
	return text
}

// TestMessagePage holds docs/messages.md to Istio's list: each code has one row, in the words of its
// template.
func TestMessagePage(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"docs/messages.md", "docs/zh/messages.md"} {
		said, unsaid := messageRows(t, page)
		for code, m := range istioMessages(t) {
			yes, no := said[code], unsaid[code]
			switch {
			case (yes == nil) == (no == nil):
				t.Errorf("%s: %s is in one table of two", page, code)
			case yes != nil && (yes[1] != m.level || yes[2] != shape(m.template)):
				t.Errorf("%s: %s is %s %s, not %s %s", page, code, m.level, shape(m.template), yes[1], yes[2])
			case no != nil && (no[1] != m.name || len(no) != 3):
				t.Errorf("%s: %s is %s, not %q", page, code, m.name, no)
			}
			delete(said, code)
			delete(unsaid, code)
		}
		if len(said)+len(unsaid) > 0 {
			t.Errorf("%s: Istio has no %v %v", page, said, unsaid)
		}
	}
}

// TestMessages holds that analyze prints each message of the page's first table, exactly as the comment
// at the head of its file in testdata has it, and in the words of Istio's template.
func TestMessages(t *testing.T) {
	t.Parallel()
	said, _ := messageRows(t, "docs/messages.md")
	files, err := filepath.Glob(filepath.Join(messageFolder, "IST*.yml"))
	if err != nil || len(files) != len(said) {
		t.Errorf("%d files for %d messages (%v)", len(files), len(said), err)
	}
	list := istioMessages(t)
	for _, code := range slices.Sorted(maps.Keys(said)) {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			text := read(t, filepath.Join(messageFolder, code+".yml"))
			got := surroundings{stdin: strings.NewReader(text)}.run(t, "analyze", "-f", "-")
			if trimmed(got.stdout) != trimmed(heads(text)) {
				t.Errorf("said\n%s\nwant\n%s", got.stdout, heads(text))
			}
			m := list[code]
			parts := verbs.Split(strings.ReplaceAll(m.template, "%q", `"%s"`), -1)
			for i, part := range parts {
				parts[i] = regexp.QuoteMeta(part)
			}
			want := regexp.MustCompile(`(?m)^` + m.level + ` \[` + code + `\] \(.* stdin:\d+\) ` + strings.Join(parts, ".*") + "( .*)?$")
			if !want.MatchString(got.stdout) {
				t.Errorf("said\n%s\nwant a line like %s", got.stdout, want)
			}
		})
	}
}

// heads are the comments at the head of a file, without their signs.
func heads(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "# ")
		if !ok {
			break
		}
		b.WriteString(rest)
	}
	return b.String()
}

// trimmed has no spaces at the ends of lines, which editors take away.
func trimmed(text string) string { return regexp.MustCompile(`(?m) +$`).ReplaceAllString(text, "") }

// TestUnsaidMessages holds that no program text has a code of the page's second table, so that it can
// never be printed, and that it has those of the first.
func TestUnsaidMessages(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`IST\d{4}`)
	have := map[string]string{}
	err := filepath.WalkDir(filepath.Join(repository, "lab"), func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			for _, c := range code.FindAllString(read(t, path), -1) {
				have[c] = path
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	said, unsaid := messageRows(t, "docs/messages.md")
	for c := range said {
		if have[c] == "" {
			t.Errorf("no program has %s", c)
		}
	}
	for c := range unsaid {
		if have[c] != "" {
			t.Errorf("%s has %s, which is not said", have[c], c)
		}
	}
}
