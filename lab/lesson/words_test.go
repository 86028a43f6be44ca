package lesson

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// TestWords has every text in both languages, with the same things put into it.
func TestWords(t *testing.T) {
	t.Parallel()
	verbs := regexp.MustCompile(`%\[(\d)\](\w)`)
	used := func(text string) []string {
		found := verbs.FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for k := range texts {
		en, zh := english()[k], chinese()[k]
		if en == "" || zh == "" {
			t.Errorf("text %d: %q, and %q", k, en, zh)
		}
		if !slices.Equal(used(en), used(zh)) {
			t.Errorf("text %d: %q, and %q", k, en, zh)
		}
		if strings.Count(en, "%") != len(verbs.FindAllString(en, -1)) || strings.Count(zh, "%") != len(verbs.FindAllString(zh, -1)) {
			t.Errorf("text %d: a verb without a place: %q, and %q", k, en, zh)
		}
		han := strings.ContainsFunc(zh, func(c rune) bool { return unicode.Is(unicode.Han, c) })
		if !han && k != textNumber && k != textWith {
			t.Errorf("text %d: not Chinese: %q", k, zh)
		}
	}
	if len(english()) != int(texts) || len(chinese()) != int(texts) {
		t.Errorf("%d texts, and %d, of %d", len(english()), len(chinese()), texts)
	}
}

// TestSay puts phrases into others in the language of the whole.
func TestSay(t *testing.T) {
	t.Parallel()
	title := say(textUpTo, say(textAtOnce, say(textRequests, 20), 5), "2m")
	for want, language := range map[string]string{
		"20 requests, 5 at once (up to 2m)": English, "20 个请求，同时 5 个（最多 2m）": Chinese,
	} {
		if got := wordsOf(language).say(title); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := fmt.Sprint(title); got != english().say(title) {
		t.Error(got)
	}
}

// TestClaimsInBothLanguages says what came of a check: each line whole in one language.
func TestClaimsInBothLanguages(t *testing.T) {
	t.Parallel()
	list := []answer{{body: "v1 from 'a'"}, {body: "v1 from 'a'"}, {body: "other"}}
	c := &Check{Send: 3, InTurn: []string{"v1", "v2"}, Answers: amounts{{of: "v1", text: "2", count: 2}}}
	r := &runner{plain: map[string]time.Duration{}}
	r.tell = func(phrase) {}
	claims := r.judge(c, list, sample{total: 3, answers: map[string]int{}})
	var en, zh []string
	for _, claim := range claims {
		en, zh = append(en, english().say(claim.line)), append(zh, chinese().say(claim.line))
	}
	wantEN := []string{
		"v1: 2 answers (wanted 2)", `other answers: 1, such as "other" (wanted none)`,
		"not in turn, v1, v2: answer 2 is v1 from 'a', not from v2",
	}
	wantZH := []string{
		"v1：2 个响应（应为 2）", `其他响应：1 个，例如 "other"（应当没有）`,
		"没有依次轮流，v1, v2：第 2 个响应是 v1 from 'a'，不是来自 v2",
	}
	if !slices.Equal(en, wantEN) || !slices.Equal(zh, wantZH) {
		t.Errorf("%q\n%q", en, zh)
	}
}

// TestLongest tells how long a check may take by itself.
func TestLongest(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Check{
		"0s":   {Send: 20},
		"2m":   {WaitFor: amounts{{of: "p c", text: "0"}}},
		"7s":   {Send: 400, AtOnce: 400, Answers: amounts{{of: "x after 7s"}}},
		"12s":  {Send: 120, AtOnce: 10, Answers: amounts{{of: "x after 1s"}}},
		"1h":   {Send: 3600, Answers: amounts{{of: "x after 1s"}}},
		"1h1m": {Send: 3660, Answers: amounts{{of: "x after 1s"}}},
	} {
		if got := short(c.longest()); got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
	}
}
