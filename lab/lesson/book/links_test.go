package book

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	inlineLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	anyHeading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinks follows every link of the READMEs and of docs/ that stays in the repository, to the
// heading that it names.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/zh/*.md"} {
		files, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d pages: %v", pattern, len(files), err)
		}
		for _, file := range files {
			for _, m := range inlineLink.FindAllStringSubmatch(withoutFences(t, file), -1) {
				if err := follow(t, file, m[1]); err != nil {
					t.Errorf("%s: %s: %v", file, m[1], err)
				}
			}
		}
	}
}

func follow(t *testing.T, from, target string) error {
	t.Helper()
	if strings.Contains(target, "://") {
		return nil
	}
	path, anchor, _ := strings.Cut(target, "#")
	to := from
	if path != "" {
		to = filepath.Join(filepath.Dir(from), path)
	}
	if _, err := os.Stat(to); err != nil || anchor == "" {
		return err
	}
	for _, m := range anyHeading.FindAllStringSubmatch(withoutFences(t, to), -1) {
		if slug(m[1]) == anchor {
			return nil
		}
	}
	return fmt.Errorf("no heading #%s in %s", anchor, to)
}

func withoutFences(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return anyFence.ReplaceAllString(string(text), "")
}

// slug returns the name by which GitHub links to a heading.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// TestAnswers has an answer for each lesson, in both languages.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for folder, name := range map[string]string{"docs": "Lesson %d", "docs/zh": "第 %d 课"} {
		answers := filepath.Join(repository, folder, "answers.md")
		for _, p := range pagesOf(t, folder) {
			if err := follow(t, answers, "#"+slug(fmt.Sprintf(name, p.Number))); err != nil {
				t.Error(err)
			}
			if text := withoutFences(t, answers); !strings.Contains(text, "]("+filepath.Base(p.File)+")") {
				t.Errorf("%s: no link to %s", answers, p.File)
			}
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for heading, want := range map[string]string{
		"How to read the checks": "how-to-read-the-checks",
		"Gateway API":            "gateway-api",
		"第 0 课":                  "第-0-课",
		"16. Out of the `mesh`!": "16-out-of-the-mesh",
	} {
		if got := slug(heading); got != want {
			t.Errorf("%s: %s, want %s", heading, got, want)
		}
	}
}
