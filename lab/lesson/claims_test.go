package lesson

import (
	"slices"
	"testing"
	"time"

	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
)

// TestClaimsInBothLanguages says what came of a check: each line whole in one language.
func TestClaimsInBothLanguages(t *testing.T) {
	t.Parallel()
	list := []answer{{body: "v1 from 'a'"}, {body: "v1 from 'a'"}, {body: "other"}}
	c := &Check{Send: 3, InTurn: []string{"v1", "v2"}, Answers: amounts{{of: "v1", text: "2", count: 2}}}
	r := &Runner{plain: map[string]time.Duration{}}
	claims := r.judge(c, list, sample{total: 3, answers: map[string]int{}})
	asked := []*traffic.Request{
		{Cause: cause.Aborted, Rule: &traffic.Rule{File: "v1/x.yml", Line: 7}}, {Cause: cause.Aborted}, {Cause: cause.Aborted},
	}
	for _, want := range []explanation{
		{of: "v1", Cause: cause.Aborted, Rule: places{"x.yml", "v1/x.yml", "none"}}, {of: "v1", Cause: cause.NoRoute},
	} {
		claims = append(claims, want.claim(c, list, asked))
	}
	claims = append(claims, amount{of: "(status 404 without text)", text: "3", count: 3}.claim(words.Answers, 3, sample{total: 3}))
	var en, zh []string
	for _, claim := range claims {
		en, zh = append(en, words.Of(words.English).Say(claim.line)), append(zh, words.Of(words.Chinese).Say(claim.line))
	}
	wantEN := []string{
		"v1: 2 answers (wanted 2)", `other answers: 1, such as "other" (wanted none)`,
		"not in turn, v1, v2: answer 2 is v1 from 'a', not from v2",
		"v1: explained as injected abort, rule v1/x.yml:7",
		"v1: explained as injected abort (2 of 2) (wanted no route)",
		"(status 404 without text): 3 answers (wanted 3)",
	}
	wantZH := []string{
		"v1：2 个响应（应为：2）", `其他响应：1 个，例如 "other"（应当没有）`,
		"没有依次轮流，v1, v2：第 2 个响应是 v1 from 'a'，不是来自 v2",
		"v1：解释为 注入的中止，规则 v1/x.yml:7",
		"v1：解释为 注入的中止（2 个中的 2 个）（应为：没有路由）",
		"（状态码 404，没有正文）：3 个响应（应为：3）",
	}
	if !slices.Equal(en, wantEN) || !slices.Equal(zh, wantZH) {
		t.Errorf("%q\n%q", en, zh)
	}
}

// TestLongest tells how long a check may take by itself.
func TestLongest(t *testing.T) {
	t.Parallel()
	for want, c := range map[time.Duration]Check{
		0:                {Send: 20},
		2 * time.Minute:  {WaitFor: amounts{{of: "p c", text: "0"}}},
		7 * time.Second:  {Send: 400, AtOnce: 400, Answers: amounts{{of: "x after 7s"}}},
		12 * time.Second: {Send: 120, AtOnce: 10, Answers: amounts{{of: "x after 1s"}}},
		time.Hour:        {Send: 3600, Answers: amounts{{of: "x after 1s"}}},
	} {
		if got := c.Longest(); got != want {
			t.Errorf("%+v: %v, want %v", c, got, want)
		}
	}
}
