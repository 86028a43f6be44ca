package lesson

import (
	"slices"
	"testing"
	"time"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"

	"go.yaml.in/yaml/v3"
)

// TestClaimsInBothLanguages says what came of a check: each line whole in one language.
func TestClaimsInBothLanguages(t *testing.T) {
	t.Parallel()
	list := []answer{{body: "v1 from 'a'"}, {body: "v1 from 'a'"}, {body: "other"}}
	c := &book.Check{Send: 3, InTurn: []string{"v1", "v2"}, Answers: amounts(t, "v1: 2")}
	r := &Runner{plain: map[string]time.Duration{}}
	claims := r.judge(c, list, book.Sample{Total: 3, Answers: map[string]int{}})
	asked := []*traffic.Request{
		{Cause: cause.Aborted, Rule: &rulebook.Rule{File: "v1/x.yml", Line: 7}}, {Cause: cause.Aborted}, {Cause: cause.Aborted},
	}
	for _, want := range []book.Explanation{
		{Of: "v1", Cause: cause.Aborted, Rule: book.Places{"x.yml", "v1/x.yml", "none"}}, {Of: "v1", Cause: cause.NoRoute},
	} {
		claims = append(claims, explains(want, c, list, asked))
	}
	claims = append(claims, claimOf(amounts(t, "(status 404 without text): 3")[0], words.Answers, 3, book.Sample{Total: 3}))
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
	for want, c := range map[time.Duration]book.Check{
		0:                {Send: 20},
		2 * time.Minute:  {WaitFor: book.Amounts{{Of: "p c"}}},
		7 * time.Second:  {Send: 400, AtOnce: 400, Answers: book.Amounts{{Of: "x after 7s"}}},
		12 * time.Second: {Send: 120, AtOnce: 10, Answers: book.Amounts{{Of: "x after 1s"}}},
		time.Hour:        {Send: 3600, Answers: book.Amounts{{Of: "x after 1s"}}},
	} {
		if got := Longest(&c); got != want {
			t.Errorf("%+v: %v, want %v", c, got, want)
		}
	}
}

// amounts are those of a check.
func amounts(t *testing.T, text string) (list book.Amounts) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestClaim(t *testing.T) {
	t.Parallel()
	a := amounts(t, "preference upstream_rq_retry: at least 2")
	for n, want := range map[int]string{
		1: "preference upstream_rq_retry rose by 1 (wanted at least 2)",
		2: "preference upstream_rq_retry rose by 2 (wanted at least 2)",
	} {
		if got := claimOf(a[0], words.Rose, n, book.Sample{}); got.String() != want || got.OK != (n == 2) {
			t.Errorf("%d: %+v", n, got)
		}
	}
}
