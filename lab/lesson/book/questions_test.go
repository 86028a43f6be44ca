package book

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// answersPage is the page that quotes the question of each lesson above its answer.
const answersPage = "answers.md"

// TestQuestions holds that the answers quote the question of each lesson word by word, and nothing else.
func TestQuestions(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"docs", "docs/zh"} {
		files := pageFiles(t, folder)
		quotes := quotesIn(files[answersPage].text)
		pages := pagesOf(t, folder)
		for _, p := range pages {
			name := filepath.Base(p.File)
			asked, quoted := questionOf(files[name].text), quotes[name]
			if len(asked) == 0 || !slices.Equal(asked, quoted) {
				t.Errorf("%s asks\n  %s\nand %s quotes\n  %s", p.File, strings.Join(asked, "\n  "),
					files[answersPage].file, strings.Join(quoted, "\n  "))
			}
		}
		if len(quotes) != len(pages) {
			t.Errorf("%s: %d quotes, %d lessons", files[answersPage].file, len(quotes), len(pages))
		}
	}
}

// questionOf is the section of a lesson's page before its clean-up in paragraphs, without its heading and
// without the links at its end. After the clean-up nothing is left to try it with.
func questionOf(page string) []string {
	sections := strings.Split(page, "\n## ")
	last := len(sections) - 1
	heading, _, _ := strings.Cut(sections[last], "\n")
	if last < 1 || !slices.Contains(cleanUp(), heading) {
		return nil
	}
	paragraphs := paragraphsOf(sections[last-1])
	if len(paragraphs) < 3 || !strings.Contains(paragraphs[len(paragraphs)-1], "("+answersPage) {
		return nil
	}
	return paragraphs[1 : len(paragraphs)-1]
}

// pageLink is the link behind a quote, to the page that it is from.
var pageLink = regexp.MustCompile(`\s*[(（]\[[^\]]*\]\((\d\d-[a-z0-9-]+\.md)\)[)）]$`)

// quotesIn are the quotes of a page in paragraphs, by the page that each is from.
func quotesIn(page string) map[string][]string {
	quotes := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)(?:^>.*\n)+`).FindAllString(page, -1) {
		text := regexp.MustCompile(`(?m)^> ?`).ReplaceAllString(m, "")
		paragraphs := paragraphsOf(text)
		last := &paragraphs[len(paragraphs)-1]
		link := pageLink.FindStringSubmatch(*last)
		if link == nil {
			quotes[fmt.Sprintf("no page: %s", text)] = nil
			continue
		}
		*last = strings.TrimSuffix(*last, link[0])
		quotes[link[1]] = paragraphs
	}
	return quotes
}

// paragraphsOf is a text's paragraphs, each in one line, without the marks of editions.
func paragraphsOf(text string) []string {
	var list []string
	for p := range strings.SplitSeq(text, "\n\n") {
		p = regexp.MustCompile(`(?m)^<!-- edition: .*-->$`).ReplaceAllString(p, "")
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			list = append(list, p)
		}
	}
	return list
}
