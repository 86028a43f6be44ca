package lesson

import "fmt"

// key names one of the texts that a walk says.
type key int

const (
	textStarting key = iota
	textAnother
	textStarted
	textOwnLab
	textRun
	textRunAgain
	textMore
	textUnlike
	textAdded
	textMissing
	textChanged
	textOtherEdition
	textChoose
	textChooseOther
	textTell
	textTellOther
	textErrUnlike
	textExpects
	textSuccess
	textChecking
	textWaitingFor
	textUpTo
	textRequests
	textFromTo
	textAtOnce
	textWith
	textSent
	textSettling
	textOK
	textWrong
	textAnswers
	textReceived
	textRose
	textIs
	textRepeats
	textInTurn
	textOutOfTurn
	textOtherText
	textTooEarly
	textPods
	textFastest
	textOthers
	textAsker
	textNumber
	textAtLeast
	textBetween
	textNoCounter
	textCleaning
	textLeft
	textHeld
	textNotHeld
	textCommands
	textNext
	textLast
	textPicture
	textErrWrong
	textErrAbsent
	texts // how many there are
)

// The languages of the pages.
const (
	English = "en"
	Chinese = "zh"
)

// words are all texts of a language, with the verbs of fmt.
type words map[key]string

// wordsOf are those of a language, English if there are none.
func wordsOf(language string) words {
	if language == Chinese {
		return chinese()
	}
	return english()
}

// phrase is a text with what is put into it; phrases among that are said in the same language.
type phrase struct {
	key  key
	args []any
}

func say(k key, args ...any) phrase { return phrase{k, args} }

func (w words) say(p phrase) string {
	args := make([]any, len(p.args))
	for i, a := range p.args {
		if inner, ok := a.(phrase); ok {
			a = w.say(inner)
		}
		args[i] = a
	}
	return fmt.Sprintf(w[p.key], args...)
}

// String is the text in English.
func (p phrase) String() string { return english().say(p) }

// Error is the text in English.
func (p phrase) Error() string { return p.String() }

func english() words {
	return words{
		textStarting:     "No lab is running: starting one for this lesson. It may take up to %[1]v.",
		textAnother:      "Starting another lab. It may take up to %[1]v.",
		textStarted:      "It is at %[1]s.",
		textOwnLab:       "Its name is %[1]s, and it ends with the lesson. To use it in another terminal, type there first:",
		textRun:          "[Enter runs it, s skips it, q ends the lesson] ",
		textRunAgain:     "[Enter, s or q] ",
		textMore:         "[Enter shows more, q ends the lesson] ",
		textUnlike:       "The lab %[1]s is not as the lesson expects it:",
		textAdded:        "%[1]s %[2]s is there",
		textMissing:      "%[1]s %[2]s is missing",
		textChanged:      "%[1]s %[2]s is not as it was at the start",
		textOtherEdition: "its edition is %[1]s, the lesson's %[2]s",
		textChoose:       "[r resets it and deletes what was added, n starts another lab for this lesson, q ends] ",
		textChooseOther:  "[n starts another lab for this lesson, q ends] ",
		textTell:         "`%[1]s` resets it and deletes what was added. `%[2]s` takes another lab.",
		textTellOther:    "`%[2]s` takes another lab.",
		textErrUnlike:    "the lab is not as the lesson expects it",
		textExpects:      "the page expects:",
		textSuccess:      "it to succeed",
		textChecking:     "Checking: %[1]s",
		textWaitingFor:   "waiting until %[1]s is %[2]s",
		textUpTo:         "%[1]s (up to %[2]v)",
		textRequests:     "%[1]d requests",
		textFromTo:       "%[1]s from %[2]s to %[3]s",
		textAtOnce:       "%[1]s, %[2]d at once",
		textWith:         "%[1]s, %[2]s: %[3]s",
		textSent:         "%[1]d of %[2]d answered",
		textSettling:     "%[1]s: %[2]d, wanted %[3]s, for at most %[4]v more",
		textOK:           "ok    ",
		textWrong:        "WRONG ",
		textAnswers:      "%[1]s: %[2]s answers (wanted %[3]s)",
		textReceived:     "%[1]s received %[2]s (wanted %[3]s)",
		textRose:         "%[1]s rose by %[2]s (wanted %[3]s)",
		textIs:           "%[1]s is %[2]s (wanted %[3]s)",
		textRepeats:      "from the same pod as the answer before: %[2]s answers (wanted %[3]s)",
		textInTurn:       "%[1]d answers in turn: %[2]s",
		textOutOfTurn:    "not in turn, %[1]s: %[2]s",
		textOtherText:    "answer %[1]d is %[2]s, not from %[3]s",
		textTooEarly:     "answer %[1]d is from %[2]s again, before its turn",
		textPods:         "%[1]d pods answered, not %[2]d",
		textFastest:      "the fastest after %[1]s took %[2]s (wanted at most %[3]s)",
		textOthers:       "other answers: %[1]d, such as %[2]q (wanted none)",
		textAsker:        "%[1]s cannot ask: %[2]s",
		textNumber:       "%[1]d",
		textAtLeast:      "at least %[1]d",
		textBetween:      "%[1]d to %[2]d",
		textNoCounter:    "unknown, no such counter",
		textCleaning:     "Cleaning up.",
		textLeft:         "The lesson leaves something behind; `%[1]s` takes it away:",
		textHeld:         "All checks held: %[1]d of %[1]d.",
		textNotHeld:      "%[1]d of %[2]d checks held.",
		textCommands:     "Commands that did not do what the page says: %[1]d.",
		textNext:         "Next: %[1]s (%[2]s)",
		textLast:         "That was the last lesson.",
		textPicture:      "(%[1]s has a picture here)",
		textErrWrong:     "not all was as the page says",
		textErrAbsent:    "edition %[1]s does not have this lesson, see %[2]s",
	}
}

func chinese() words {
	return words{
		textStarting:     "没有正在运行的 lab：为这一课启动一个，最多需要 %[1]v。",
		textAnother:      "正在启动另一个 lab，最多需要 %[1]v。",
		textStarted:      "它的地址是 %[1]s。",
		textOwnLab:       "它叫 %[1]s，随这一课结束。要在别的终端里用它，先在那里输入：",
		textRun:          "[回车执行，s 跳过，q 结束这一课] ",
		textRunAgain:     "[回车、s 或 q] ",
		textMore:         "[回车继续，q 结束这一课] ",
		textUnlike:       " lab  %[1]s 与这一课的前提不符：",
		textAdded:        "多了 %[1]s %[2]s",
		textMissing:      "缺少 %[1]s %[2]s",
		textChanged:      "%[1]s %[2]s 与启动时不同",
		textOtherEdition: "它的 edition是 %[1]s，这一课的是 %[2]s",
		textChoose:       "[r 重置它并删除多出来的，n 为这一课另启动一个，q 结束] ",
		textChooseOther:  "[n 为这一课另启动一个，q 结束] ",
		textTell:         "`%[1]s` 会重置它并删除多出来的；`%[2]s` 使用另一个 lab。",
		textTellOther:    "`%[2]s` 使用另一个 lab。",
		textErrUnlike:    "lab 与这一课的前提不符",
		textExpects:      "页面上是：",
		textSuccess:      "命令成功",
		textChecking:     "检查：%[1]s",
		textWaitingFor:   "等到 %[1]s 为 %[2]s",
		textUpTo:         "%[1]s（最多 %[2]v）",
		textRequests:     "%[1]d 个请求",
		textFromTo:       "%[1]s，从 %[2]s 到 %[3]s",
		textAtOnce:       "%[1]s，同时 %[2]d 个",
		textWith:         "%[1]s，%[2]s: %[3]s",
		textSent:         "已收到 %[1]d 个响应，共 %[2]d 个",
		textSettling:     "%[1]s：%[2]d，应为 %[3]s，最多再等 %[4]v",
		textOK:           "通过  ",
		textWrong:        "不符  ",
		textAnswers:      "%[1]s：%[2]s 个响应（应为 %[3]s）",
		textReceived:     "%[1]s 收到 %[2]s 个请求（应为 %[3]s）",
		textRose:         "%[1]s 增加了 %[2]s（应为 %[3]s）",
		textIs:           "%[1]s 为 %[2]s（应为 %[3]s）",
		textRepeats:      "与前一个响应来自同一个 Pod：%[2]s 个响应（应为 %[3]s）",
		textInTurn:       "%[1]d 个响应依次轮流：%[2]s",
		textOutOfTurn:    "没有依次轮流，%[1]s：%[2]s",
		textOtherText:    "第 %[1]d 个响应是 %[2]s，不是来自 %[3]s",
		textTooEarly:     "第 %[1]d 个响应又来自 %[2]s，还没有轮到它",
		textPods:         "%[1]d 个 Pod 作了响应，而不是 %[2]d 个",
		textFastest:      "延迟 %[1]s 的响应中最快的用了 %[2]s（应不超过 %[3]s）",
		textOthers:       "其他响应：%[1]d 个，例如 %[2]q（应当没有）",
		textAsker:        "%[1]s 无法发送请求：%[2]s",
		textNumber:       "%[1]d",
		textAtLeast:      "至少 %[1]d",
		textBetween:      "%[1]d 到 %[2]d",
		textNoCounter:    "未知，没有这个计数器",
		textCleaning:     "正在清理。",
		textLeft:         "这一课留下了一些东西；`%[1]s` 会把它们去掉：",
		textHeld:         "所有检查都通过了：%[1]d 项中的 %[1]d 项。",
		textNotHeld:      "%[2]d 项检查中通过了 %[1]d 项。",
		textCommands:     "与页面所说不同的命令：%[1]d 条。",
		textNext:         "下一课：%[1]s（%[2]s）",
		textLast:         "这是最后一课。",
		textPicture:      "（%[1]s 在这里有一幅图）",
		textErrWrong:     "与页面所说的不完全相同",
		textErrAbsent:    "edition %[1]s 没有这一课，见 %[2]s",
	}
}
