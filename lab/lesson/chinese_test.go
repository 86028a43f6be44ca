package lesson

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/words"
)

// english are the words that join names in English sentences.
var english = regexp.MustCompile(`(?i)\b(at (least|most|once)|after|or|and|of|by|the|to|from|no|not|none|rule|until|waiting|requests?|answers?|wanted)\b`)

// TestChecksInChinese says all that a walk says of the checks of all pages, in Chinese: no English is left but
// what the page itself quotes.
func TestChecksInChinese(t *testing.T) {
	t.Parallel()
	zh := words.Of(words.Chinese)
	said := 0
	pages, err := book.ReadAll(repository + "/docs/zh")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		for _, b := range page.Blocks {
			if b.Check == nil {
				continue
			}
			for _, phrase := range phrases(b.Check) {
				text := zh.Say(phrase)
				said++
				if left := english.FindString(unquoted(text, b.Check)); left != "" {
					t.Errorf("%s:%d: %q in %q", page.File, b.Check.Line, left, text)
				}
			}
		}
	}
	if said < 400 {
		t.Errorf("%d phrases", said)
	}
}

// phrases are all that a walk may say of a check.
func phrases(c *book.Check) []words.Phrase {
	list := []words.Phrase{c.Title()}
	s := book.Sample{Total: c.Send, Took: 1, Alpha: c.Alpha(), Answers: map[string]int{}}
	for says, amounts := range map[words.Key]book.Amounts{
		words.Is: slices.Concat(c.WaitFor, c.Gauges), words.Rose: c.Counters, words.Received: c.Received, words.Answers: c.Answers,
	} {
		for _, a := range amounts {
			list = append(list, claimOf(a, says, 1, s).line, claimOf(a, says, 7, s).line)
		}
	}
	if len(c.InTurn) > 0 {
		list = append(list, turns(c, nil).line)
	}
	for _, e := range c.Why {
		list = append(list, words.Put(words.Explained, textOf(e.Of), e.Phrase()))
		list = append(list, words.Put(words.Misexplained, textOf(e.Of), e.Phrase(), e.Phrase()))
	}
	return list
}

// unquoted is a text without what a check itself has: texts of answers, addresses, headers, files.
func unquoted(text string, c *book.Check) string {
	quoted := slices.Collect(maps.Values(c.Headers))
	quoted = append(quoted, c.InTurn...)
	quoted = append(quoted, strings.Join(c.InTurn, ", "))
	for _, a := range slices.Concat(c.Answers, c.WaitFor, c.Gauges, c.Counters, c.Received) {
		quoted = append(quoted, book.KindOf(a.Of).Text)
	}
	for _, e := range c.Why {
		quoted = append(quoted, e.Rule...)
	}
	slices.SortFunc(quoted, func(a, b string) int { return len(b) - len(a) })
	for _, q := range quoted {
		text = strings.ReplaceAll(text, q, "")
	}
	return text
}
