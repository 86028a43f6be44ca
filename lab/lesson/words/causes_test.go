package words_test

import (
	"testing"
	"unicode"

	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/traffic/cause"
)

// TestCauses has every cause, and every maker of answers, in Chinese.
func TestCauses(t *testing.T) {
	t.Parallel()
	texts := []string{"sidecar of preference", "program of customer", "host outside"}
	for _, c := range cause.All() {
		texts = append(texts, string(c))
	}
	for _, text := range texts {
		p, ok := words.OfCause(text).(words.Phrase)
		if !ok || p.String() != text {
			t.Errorf("%s: %v", text, words.OfCause(text))
			continue
		}
		zh := words.Of(words.Chinese).Say(p)
		for _, c := range zh {
			if unicode.Is(unicode.Han, c) {
				ok = false
			}
		}
		if ok {
			t.Errorf("%s: not Chinese: %s", text, zh)
		}
	}
	if got := words.Of(words.Chinese).Say(words.Put(words.Answers, "v1", words.Put(words.Answer, 1), "2")); got != "v1：1 个响应（应为：2）" {
		t.Error(got)
	}
}
