package words

import "strings"

// The causes of answers and their makers, in one order for all languages; the makers are last.

// OfCause is a cause, or a maker of answers, by its English text; one that is not known stays.
func OfCause(text string) any {
	for i, known := range englishCauses() {
		before, named, _ := strings.Cut(known, "%[1]s")
		switch name, ok := strings.CutPrefix(text, before); {
		case text == known:
			return Put(firstCause + Key(i))
		case ok && before != known && named == "":
			return Put(firstCause+Key(i), name)
		}
	}
	return text
}

func numbered(list []string) Words {
	words := Words{}
	for i, text := range list {
		words[firstCause+Key(i)] = text
	}
	return words
}

func englishCauses() []string {
	return []string{
		"answered",
		"answered after a retry",
		"injected delay",
		"injected abort",
		"timeout",
		"timeout of each try",
		"circuit full",
		"no pod left, all ejected",
		"no pod",
		"no such subset",
		"connection refused",
		"connection reset",
		"no TLS",
		"no route",
		"no such host",
		"host outside not allowed",
		"denied by a policy",
		"not allowed by any policy",
		"token",
		"rate limit",
		"program's own error",
		"error passed on",
		"caller gave up",
		"redirect",
		"direct answer",
		"answered by a host outside",
		"not explained",
		"still under way",
		"sidecar of %[1]s",
		"program of %[1]s",
		"host outside",
	}
}

func chineseCauses() []string {
	return []string{
		"已响应",
		"重试后已响应",
		"注入的延迟",
		"注入的中止",
		"超时",
		"单次尝试超时",
		"熔断已满",
		"没有 Pod 可用，全部被驱逐",
		"没有 Pod",
		"没有这样的子集",
		"连接被拒绝",
		"连接被重置",
		"TLS 未建立",
		"没有路由",
		"没有这样的主机",
		"不允许访问外部主机",
		"被策略拒绝",
		"没有任何策略允许",
		"令牌无效",
		"限流",
		"程序自身的错误",
		"传递下来的错误",
		"调用方放弃",
		"重定向",
		"直接响应",
		"外部主机已响应",
		"无法解释",
		"仍在进行",
		"%[1]s 的 sidecar",
		"%[1]s 的程序",
		"外部主机",
	}
}
