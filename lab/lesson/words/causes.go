package words

import "strings"

// OfCause is a cause, or a maker of answers, by its English text; one that is not known stays.
func OfCause(text string) any {
	for i, cause := range causes() {
		known := cause.english
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

// cause is one of answers, or a maker of them, in each language.
type cause struct{ english, chinese string }

func englishCauses() Words { return numbered(func(c cause) string { return c.english }) }
func chineseCauses() Words { return numbered(func(c cause) string { return c.chinese }) }

func numbered(text func(cause) string) Words {
	words := Words{}
	for i, c := range causes() {
		words[firstCause+Key(i)] = text(c)
	}
	return words
}

// causes are all, the makers last.
func causes() []cause {
	return []cause{
		{"answered", "已响应"},
		{"answered after a retry", "重试后已响应"},
		{"injected delay", "注入的延迟"},
		{"injected abort", "注入的中止"},
		{"timeout", "超时"},
		{"timeout of each try", "单次尝试超时"},
		{"circuit full", "断路器已满"},
		{"no pod left, all ejected", "没有 Pod 可用，全部被弹出"},
		{"no pod", "没有 Pod"},
		{"no such subset", "没有这样的子集"},
		{"connection refused", "连接被拒绝"},
		{"connection reset", "连接被重置"},
		{"no TLS", "TLS 未建立"},
		{"no route", "没有路由"},
		{"no listener", "没有监听器"},
		{"no such host", "没有这样的主机"},
		{"sidecar's own address", "是 sidecar 自己的地址"},
		{"host outside not allowed", "不允许访问外部主机"},
		{"denied by a policy", "被策略拒绝"},
		{"not allowed by any policy", "没有任何策略允许"},
		{"token", "令牌无效"},
		{"rate limit", "限流"},
		{"program's own error", "程序自身的错误"},
		{"error passed on", "传递下来的错误"},
		{"caller gave up", "调用方放弃"},
		{"redirect", "重定向"},
		{"direct answer", "直接响应"},
		{"answered by a host outside", "外部主机已响应"},
		{"not explained", "无法解释"},
		{"still under way", "仍在进行"},
		{"sidecar of %[1]s", "%[1]s 的 sidecar"},
		{"program of %[1]s", "%[1]s 的程序"},
		{"host outside", "外部主机"},
	}
}
