package lesson

import (
	"slices"
	"testing"
	"time"

	"istio-tutorial/lab/lesson/words"
)

// TestClaimsInBothLanguages says what came of a check: each line whole in one language.
func TestClaimsInBothLanguages(t *testing.T) {
	t.Parallel()
	list := []answer{{body: "v1 from 'a'"}, {body: "v1 from 'a'"}, {body: "other"}}
	c := &Check{Send: 3, InTurn: []string{"v1", "v2"}, Answers: amounts{{of: "v1", text: "2", count: 2}}}
	r := &runner{plain: map[string]time.Duration{}}
	r.tell = func(words.Phrase) {}
	claims := r.judge(c, list, sample{total: 3, answers: map[string]int{}})
	var en, zh []string
	for _, claim := range claims {
		en, zh = append(en, words.Of(words.English).Say(claim.line)), append(zh, words.Of(words.Chinese).Say(claim.line))
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
