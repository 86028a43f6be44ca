package words

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
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
	for k := range count {
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
		if !han && k != Number && k != With {
			t.Errorf("text %d: not Chinese: %q", k, zh)
		}
	}
	if len(english()) != int(count) || len(chinese()) != int(count) {
		t.Errorf("%d texts, and %d, of %d", len(english()), len(chinese()), count)
	}
}

// TestPromptsFit holds that a prompt, and what is typed after it, is in one line of a terminal, and that it says that a letter
// needs Enter.
func TestPromptsFit(t *testing.T) {
	t.Parallel()
	enter := regexp.MustCompile(`(then|q: end;) Enter|再按?回车`)
	for _, list := range []Words{english(), chinese()} {
		for k, text := range list {
			columns := len([]rune(text))
			for _, c := range text {
				if unicode.In(c, unicode.Han) || strings.ContainsRune("，。：；（）、", c) {
					columns++
				}
			}
			if strings.HasPrefix(text, "[") && columns >= 80 {
				t.Errorf("text %d: %d columns: %q", k, columns, text)
			}
			if strings.HasPrefix(text, "[") && !enter.MatchString(text) {
				t.Errorf("text %d does not say that a letter needs Enter: %q", k, text)
			}
		}
	}
}

// TestSay puts phrases into others in the language of the whole.
func TestSay(t *testing.T) {
	t.Parallel()
	title := Put(UpTo, Put(AtOnce, Put(Requests, 20), 5), "2m")
	for want, language := range map[string]string{
		"20 requests, 5 at once (up to 2m)": English, "20 个请求，同时 5 个（最多 2m）": Chinese,
	} {
		if got := Of(language).Say(title); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := fmt.Sprint(title); got != english().Say(title) {
		t.Error(got)
	}
}
