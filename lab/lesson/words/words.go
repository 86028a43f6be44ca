// Package words has all that a walk through a lesson says, in the languages of the pages.
package words

import (
	"fmt"
	"maps"
	"slices"
)

// Key names one of the texts.
type Key int

// The texts; english has them all.
const (
	Starting Key = iota
	Another
	Started
	PageAt
	OwnLab
	Run
	RunAgain
	More
	Unlike
	Added
	Missing
	Changed
	OtherEdition
	Choose
	ChooseOther
	ChooseAgain
	ChooseOtherAgain
	Tell
	TellOther
	ErrUnlike
	Expects
	Success
	Checking
	WaitingFor
	UpTo
	Requests
	FromTo
	AtOnce
	With
	Sent
	Settling
	OK
	Wrong
	Answers
	Answer
	Several
	Received
	Rose
	Is
	Repeats
	InTurn
	OutOfTurn
	OtherText
	TooEarly
	Explained
	Misexplained
	CauseNoRule
	CauseRule
	Or
	After
	CauseBy
	NotAll
	NoAnswer
	NotKept
	NoText
	Pods
	Fastest
	Others
	Asker
	Number
	AtLeast
	AtMost
	Between
	NoCounter
	Cleaning
	Left
	Held
	NotHeld
	Commands
	Next
	Last
	Picture
	ErrWrong
	ErrAbsent
	firstCause
	count = firstCause + 33 // how many there are
)

// The languages of the pages.
const (
	English = "en"
	Chinese = "zh"
)

// Words are all texts of a language, with the verbs of fmt.
type Words map[Key]string

// Of returns those of a language, the English ones if it has none.
func Of(language string) Words {
	if language == Chinese {
		return chinese()
	}
	return english()
}

// Phrase is a text with what is put into it; phrases among that are said in the same language.
type Phrase struct {
	key  Key
	args []any
}

// Put puts something into a text.
func Put(k Key, args ...any) Phrase { return Phrase{k, args} }

// With returns the phrase with something else put into a place, by its number from 0.
func (p Phrase) With(place int, value any) Phrase {
	p.args = slices.Clone(p.args)
	p.args[place] = value
	return p
}

// Say returns a phrase in the language.
func (w Words) Say(p Phrase) string {
	args := make([]any, len(p.args))
	for i, a := range p.args {
		if inner, ok := a.(Phrase); ok {
			a = w.Say(inner)
		}
		args[i] = a
	}
	return fmt.Sprintf(w[p.key], args...)
}

// String is the text in English.
func (p Phrase) String() string { return english().Say(p) }

func english() Words {
	words := Words{
		Starting:     "No lab is running: starting one for this lesson. It may take up to %[1]v.",
		Another:      "Starting another lab. It may take up to %[1]v.",
		Started:      "It is at %[1]s.",
		PageAt:       "Its live page: %[1]s",
		OwnLab:       "Its name is %[1]s, and it ends with the lesson. To use it in another terminal, type there first:",
		Run:          "[Enter runs it; s then Enter skips it; q then Enter ends the lesson] ",
		RunAgain:     "[Enter, or type s or q, and then Enter] ",
		More:         "[Enter shows more; q then Enter ends] ",
		Unlike:       "The lab %[1]s is not as the lesson expects it:",
		Added:        "%[1]s %[2]s is there",
		Missing:      "%[1]s %[2]s is missing",
		Changed:      "%[1]s %[2]s is not as it was at the start",
		OtherEdition: "its edition is %[1]s, the lesson's %[2]s",
		Choose:       "[type r (reset, delete what was added), n (new lab) or q (end), then Enter] ",
		ChooseOther:  "[type n for another lab for this lesson, or q to end, then Enter] ",
		ChooseAgain:  "[type r, n or q, and then Enter] ",

		ChooseOtherAgain: "[type n or q, and then Enter] ",

		Tell:       "To reset it, which deletes what was added:",
		TellOther:  "To take another lab:",
		ErrUnlike:  "the lab is not as the lesson expects it",
		Expects:    "the page expects:",
		Success:    "it to succeed",
		Checking:   "Checking: %[1]s",
		WaitingFor: "waiting until %[1]s is %[2]s",
		UpTo:       "%[1]s (up to %[2]v)",
		Requests:   "%[1]d requests",
		FromTo:     "%[1]s from %[2]s to %[3]s",
		AtOnce:     "%[1]s, %[2]d at once",
		With:       "%[1]s, %[2]s: %[3]s",
		Sent:       "%[1]d of %[2]d answered",
		Settling:   "%[1]s: %[2]d, wanted %[3]s, for at most %[4]v more",
		Cleaning:   "Cleaning up.",
		Left:       "The lesson leaves something behind; `%[1]s` takes it away:",
		Held:       "All checks held: %[1]d of %[1]d.",
		NotHeld:    "%[1]d of %[2]d checks held.",
		Commands:   "Commands that did not do what the page says: %[1]d.",
		Next:       "Next: %[1]s (%[2]s)",
		Last:       "That was the last lesson.",
		Picture:    "(%[1]s has a picture here)",
		ErrWrong:   "not all was as the page says",
		ErrAbsent:  "edition %[1]s does not have this lesson: add --edition %[2]s",
	}
	maps.Copy(words, englishVerdicts())
	maps.Copy(words, englishCauses())
	return words
}

func englishVerdicts() Words {
	return Words{
		OK:           "ok    ",
		Wrong:        "WRONG ",
		Answers:      "%[1]s: %[2]s (wanted %[3]s)",
		Answer:       "%[1]d answer",
		Several:      "%[1]d answers",
		Received:     "%[1]s received %[2]s (wanted %[3]s)",
		Rose:         "%[1]s rose by %[2]s (wanted %[3]s)",
		Is:           "%[1]s is %[2]s (wanted %[3]s)",
		Repeats:      "from the same pod as the answer before: %[2]s (wanted %[3]s)",
		InTurn:       "%[1]d answers in turn: %[2]s",
		OutOfTurn:    "not in turn, %[1]s: %[2]s",
		OtherText:    "answer %[1]d is %[2]s, not from %[3]s",
		TooEarly:     "answer %[1]d is from %[2]s again, before its turn",
		Explained:    "%[1]s: explained as %[2]s",
		Misexplained: "%[1]s: explained as %[2]s (wanted %[3]s)",
		CauseNoRule:  "%[1]s, no rule",
		CauseRule:    "%[1]s, rule %[2]s",
		CauseBy:      "%[1]s, by the %[2]s",
		Or:           "%[1]s or %[2]s",
		After:        "%[1]s after %[2]v",
		NotAll:       "%[1]s (%[2]d of %[3]d)",
		NoAnswer:     "no such answer",
		NotKept:      "the lab has not kept the request",
		NoText:       "(status %[1]s without text)",
		Pods:         "%[1]d pods answered, not %[2]d",
		Fastest:      "the fastest after %[1]s took %[2]s (wanted at most %[3]s)",
		Others:       "other answers: %[1]d, such as %[2]q (wanted none)",
		Asker:        "%[1]s cannot ask: %[2]s",
		Number:       "%[1]d",
		AtLeast:      "at least %[1]d",
		AtMost:       "at most %[1]d",
		Between:      "%[1]d to %[2]d",
		NoCounter:    "unknown, no such counter",
	}
}

func chinese() Words {
	words := Words{
		Starting:     "没有正在运行的 lab：为这一课启动一个，最多需要 %[1]v。",
		Another:      "正在启动另一个 lab，最多需要 %[1]v。",
		Started:      "它的地址是 %[1]s。",
		PageAt:       "它的实时页面：%[1]s",
		OwnLab:       "它叫 %[1]s，随这一课结束。要在别的终端里用它，先在那里输入：",
		Run:          "[回车执行；输入 s 再回车则跳过，输入 q 再回车则结束这一课] ",
		RunAgain:     "[直接回车，或输入 s 或 q 再回车] ",
		More:         "[回车继续；输入 q 再回车则结束] ",
		Unlike:       "lab %[1]s 与这一课的前提不符：",
		Added:        "多了 %[1]s %[2]s",
		Missing:      "缺少 %[1]s %[2]s",
		Changed:      "%[1]s %[2]s 与启动时不同",
		OtherEdition: "它的 edition 是 %[1]s，这一课的是 %[2]s",
		Choose:       "[输入 r（重置，删除多出来的）、n（另启动一个）或 q（结束），再按回车] ",
		ChooseOther:  "[输入 n 为这一课另启动一个，或 q 结束，再按回车] ",
		ChooseAgain:  "[输入 r、n 或 q，再按回车] ",

		ChooseOtherAgain: "[输入 n 或 q，再按回车] ",

		Tell:       "重置它并删除多出来的：",
		TellOther:  "使用另一个 lab：",
		ErrUnlike:  "lab 与这一课的前提不符",
		Expects:    "页面上是：",
		Success:    "命令成功",
		Checking:   "检查：%[1]s",
		WaitingFor: "等到 %[1]s 为 %[2]s",
		UpTo:       "%[1]s（最多 %[2]v）",
		Requests:   "%[1]d 个请求",
		FromTo:     "%[1]s，从 %[2]s 到 %[3]s",
		AtOnce:     "%[1]s，同时 %[2]d 个",
		With:       "%[1]s，%[2]s: %[3]s",
		Sent:       "已收到 %[1]d 个响应，共 %[2]d 个",
		Settling:   "%[1]s：%[2]d，应为：%[3]s，最多再等 %[4]v",
		Cleaning:   "正在清理。",
		Left:       "这一课留下了一些东西；`%[1]s` 会清除它们：",
		Held:       "所有检查都通过了：%[1]d 项中的 %[1]d 项。",
		NotHeld:    "%[2]d 项检查中通过了 %[1]d 项。",
		Commands:   "与页面所说不同的命令：%[1]d 条。",
		Next:       "下一课：%[1]s（%[2]s）",
		Last:       "这是最后一课。",
		Picture:    "（%[1]s 在这里有一幅图）",
		ErrWrong:   "与页面所说的不完全相同",
		ErrAbsent:  "edition %[1]s 没有这一课：请加上 --edition %[2]s",
	}
	maps.Copy(words, chineseVerdicts())
	maps.Copy(words, chineseCauses())
	return words
}

func chineseVerdicts() Words {
	return Words{
		OK:           "通过  ",
		Wrong:        "不符  ",
		Answers:      "%[1]s：%[2]s（应为：%[3]s）",
		Answer:       "%[1]d 个响应",
		Several:      "%[1]d 个响应",
		Received:     "%[1]s 收到 %[2]s 个请求（应为：%[3]s）",
		Rose:         "%[1]s 增加了 %[2]s（应为：%[3]s）",
		Is:           "%[1]s 为 %[2]s（应为：%[3]s）",
		Repeats:      "与前一个响应来自同一个 Pod：%[2]s（应为：%[3]s）",
		InTurn:       "%[1]d 个响应依次轮流：%[2]s",
		OutOfTurn:    "没有依次轮流，%[1]s：%[2]s",
		OtherText:    "第 %[1]d 个响应是 %[2]s，不是来自 %[3]s",
		TooEarly:     "第 %[1]d 个响应又来自 %[2]s，还没有轮到它",
		Explained:    "%[1]s：解释为 %[2]s",
		Misexplained: "%[1]s：解释为 %[2]s（应为：%[3]s）",
		CauseNoRule:  "%[1]s，没有规则",
		CauseRule:    "%[1]s，规则 %[2]s",
		CauseBy:      "%[1]s，由 %[2]s 给出",
		Or:           "%[1]s 或 %[2]s",
		After:        "%[1]s（%[2]v 之后）",
		NotAll:       "%[1]s（%[3]d 个中的 %[2]d 个）",
		NoAnswer:     "没有这样的响应",
		NotKept:      "lab 没有保留这个请求",
		NoText:       "（状态码 %[1]s，没有正文）",
		Pods:         "%[1]d 个 Pod 作了响应，而不是 %[2]d 个",
		Fastest:      "延迟 %[1]s 的响应中最快的用了 %[2]s（应不超过 %[3]s）",
		Others:       "其他响应：%[1]d 个，例如 %[2]q（应当没有）",
		Asker:        "%[1]s 无法发送请求：%[2]s",
		Number:       "%[1]d",
		AtLeast:      "至少 %[1]d",
		AtMost:       "至多 %[1]d",
		Between:      "%[1]d 到 %[2]d",
		NoCounter:    "未知，没有这个计数器",
	}
}
