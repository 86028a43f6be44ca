package main

import "slices"

// explanationsInChinese are the English texts of explanations, and the Chinese ones. What stands in braces
// may be one of the others. The first that fits counts.
func explanationsInChinese() [][2]string {
	return slices.Concat(sentencesInChinese(), notesInChinese(), statesInChinese(), conditionsInChinese(), labelsInChinese())
}

// sentencesInChinese are about whole answers.
func sentencesInChinese() [][2]string {
	return [][2]string{
		{"{0} answered in place of {1} with {2}: a rule injects an abort into {3} % of the calls.",
			"{0} 代替 {1} 响应了 {2}：有一条规则对 {3} % 的调用注入中止。"},
		{"{0} held the call of {1} back for {2}: a rule injects a delay.", "{0} 把对 {1} 的调用推迟了 {2}：有一条规则注入延迟。"},
		{"{0} gave up after {1}: {2} had not answered within the route's timeout{3}.",
			"{0} 在 {1} 之后放弃：{2} 没有在路由的超时时间{3}内响应。"},
		{"{0} gave up: no try at {1} was answered within its own timeout.", "{0} 放弃了：对 {1} 的尝试没有一次在单次超时时间内得到响应。"},
		{"{0} did not pass the call on: its circuit to {1} was full{2}.", "{0} 没有转发这次调用：它通往 {1} 的断路器已满{2}。"},
		{"{0} had no pod of {1} to ask: all that are ready were ejected for their errors.", "{0} 找不到 {1} 的 Pod：就绪的都因出错而被弹出。"},
		{"{0} had no pod of {1} to ask: none is ready{2}.", "{0} 找不到 {1} 的 Pod：没有就绪的{2}。"},
		{"{0} knows no such subset of {1}: the route names one that no rule defines.", "{0} 没有 {1} 的这个子集：路由指向的子集没有规则定义。"},
		{"{0} could not connect to {1}: nothing accepted the connection{2}.", "{0} 无法连接 {1}：对方没有接受连接{2}。"},
		{"{0} got no answer from {1}: the connection was reset{2}.", "{0} 没有得到 {1} 的响应：连接被重置{2}。"},
		{"{0} had no TLS with {1}, at each of {2} tries: {3}. Envoy says: {4}.",
			"{0} 与 {1} 之间没有建立 TLS（{2} 次尝试都是这样）：{3}。Envoy 的原话：{4}。"},
		{"{0} had no TLS with {1}: {2}. Envoy says: {3}.", "{0} 与 {1} 之间没有建立 TLS：{2}。Envoy 的原话：{3}。"},
		{"{0} has no route for host {1} and path {2}.", "{0} 没有主机 {1}、路径 {2} 的路由。"},
		{"Connections to {0} are refused, as on a cluster, and no proxy notes them: nobody listens there.",
			"发往 {0} 的连接会像在集群上一样被拒绝，没有代理记下它们：那里无人监听。"},
		{"the ingress refused the connection: {0}.", "入口拒绝了连接：{0}。"},
		{"{0} refused the connection: {1}.", "{0} 拒绝了连接：{1}。"},
		{"no Gateway has a listener for it", "没有 Gateway 为它设置监听器"},
		{"{0} knows no host {1}.", "{0} 不认识主机 {1}。"},
		{"{0} did not pass the call on: at the address of {1} a sidecar listens, and it would come back.", "{0} 没有转发这次调用：主机 {1} 的地址上监听的是 sidecar，调用会再回来。"},
		{"{0} did not let the call out: no rule allows the host {1}.", "{0} 没有放行这次出网格的调用：没有规则允许主机 {1}。"},
		{"{0} refused the call of {1}: a policy denies it.", "{0} 拒绝了 {1} 的调用：有一条策略禁止它。"},
		{"{0} refused the call of {1}: there are policies that allow calls, and none allows this one{2}.",
			"{0} 拒绝了 {1} 的调用：有允许调用的策略，但没有一条允许这一次{2}。"},
		{"the ingress refused the request: a policy denies it.", "入口拒绝了请求：有策略禁止它。"},
		{"the ingress refused the request: there are policies that allow requests there, and none allows this one.",
			"入口拒绝了请求：那里有允许请求的策略，但没有一条允许这一次。"},
		{"{0} refused the request: its token does not hold. Envoy says: {1}. The keys of {2} were never fetched: {3}.",
			"{0} 拒绝了请求：它的令牌无效。Envoy 的原话：{1}。{2} 的公钥从未取得：{3}。"},
		{"{0} refused the request: its token does not hold. Envoy says: {1}.", "{0} 拒绝了请求：它的令牌无效。Envoy 的原话：{1}。"},
		{"{0} The keys of {1} were never fetched: {2}.", "{0} {1} 的公钥从未取得：{2}。"},
		{"{0} refused the call of {1}: its tokens were spent{2}.", "{0} 拒绝了 {1} 的调用：它的令牌已用完{2}。"},
		{"{0} answered {1}, as a call of its own went wrong.", "{0} 响应了 {1}，因为它自己的调用出了错。"},
		{"the caller gave up after {0}, before {1} had answered.", "调用方在 {0} 之后放弃，那时 {1} 还没有响应。"},
		{"{0} sent the caller elsewhere: a rule redirects it.", "{0} 让调用方转到别处：有一条规则要求重定向。"},
		{"{0} answered itself: a rule says what.", "{0} 直接响应了：内容由规则指定。"},
		{"{0} answered; Envoy says: {1}.", "{0} 响应了；Envoy 的原话：{1}。"},
		{"{0} answered {1} at try {2}: the others went wrong.", "{0} 在第 {2} 次尝试时响应了 {1}：其他几次都出了错。"},
		{"{0} answered {1} itself{2}.", "{0} 直接响应了 {1}{2}。"},
		{"{0} answered {1}: it gets {2} % of the route's calls, by chance.", "{0} 响应了 {1}：它随机得到该路由 {2} % 的调用。"},
		{"{0} answered {1}.", "{0} 响应了 {1}。"},
	}
}

// notesInChinese are about defaults, and about what is known of a request.
func notesInChinese() [][2]string {
	return [][2]string{
		{"today's default: 2 retries of failed connections", "现在的默认行为：连接失败时重试 2 次"},
		{"0.7.1's default: a host outside needs an EgressRule", "0.7.1 的默认行为：外部主机需要 EgressRule"},
		{"there is none for this host and path", "没有针对这个主机和路径的规则"},
		{"none retries it", "没有规则重试它"},
		{"a Service of type ExternalName leads to it", "一个 ExternalName 类型的 Service 通向它"},
		{"today's default: calls out of the mesh are allowed", "现在的默认行为：允许出网格的调用"},
		{"today's default: of two pods of {0}, the less busy one", "现在的默认行为：{0} 的两个 Pod 中较空闲的一个"},
		{"the default: the pods of {0} in turn", "默认行为：{0} 的各个 Pod 轮流"},
		{"the answer to {0} is not logged yet: the request is still under way", "给 {0} 的响应还没有记入日志：请求仍在进行"},
		{"the caller has no sidecar: it came in plain text, and nobody knows who it is", "调用方没有 sidecar：调用是明文的，无法知道它是谁"},
		{"{0} lines of the log came too fast to be read: calls may be missing", "日志有 {0} 行来得太快，没有读到：可能缺少一些调用"},
		{"{0} line of the log came too fast to be read: calls may be missing", "日志有 {0} 行来得太快，没有读到：可能缺少一些调用"},
		{"{0} began this request itself, or its program did not pass x-request-id on", "{0} 自己开始了这个请求，或者它的程序没有传递 x-request-id"},
		{"these calls have one x-request-id, but none led to the other", "这些调用有相同的 x-request-id，但并不是一个引起另一个"},
	}
}

// statesInChinese are parts of sentences.
func statesInChinese() [][2]string {
	return [][2]string{
		{"{0} behind {1} of Gateway {2}, which took the connection: by SNI it is for {3}, and {4} is behind {5}",
			"{0}（在 Gateway {2} 的 {1} 之后：连接由它接收，按 SNI 是给 {3} 的，而 {4} 在 {5} 之后）"},
		{"{0} behind {1} of Gateway {2}, which took the connection: by SNI it is for {3}",
			"{0}（在 Gateway {2} 的 {1} 之后：连接由它接收，按 SNI 是给 {3} 的）"},
		{"no listener is for the host {0} ({1})", "没有监听器负责主机 {0}（{1}）"},
		{"the client named no host (SNI), and no listener takes that ({0})",
			"客户端没有说出主机名（SNI），而没有监听器接受这种连接（{0}）"},
		{"{0} of Gateway {1}, which is for the host {2}, is closed: {3}", "负责主机 {2} 的 {0}（Gateway {1}）已关闭：{3}"},
		{"the client, which {0} of Gateway {1} asks for a certificate", "客户端（Gateway {1} 的 {0} 要求它出示证书）"},
		{"the client", "客户端"}, {"it broke off, as those do that do not believe the certificate that they got", "它中断了连接，就像不信任所得到证书的一方那样"},
		{"it sent no certificate", "它没有出示证书"}, {"there is none", "一个也没有"},
		{"its certificate has expired", "它的证书已过期"}, {"its certificate is not valid yet", "它的证书尚未生效"},
		{"the certificate that it got has expired", "它得到的证书已过期"},
		{"it wants a version of TLS that is not taken", "它要的 TLS 版本不被接受"},
		{"listener {0}", "监听器 {0}"}, {"server {0}", "server {0}"}, {"no host", "没有主机名"},
		{"{0}, which came in plain text and without an identity", "{0}（明文，没有身份）"},
		{"{0}, which came as {1}", "{0}（身份是 {1}）"},
		{"the sidecar of {0}", "{0} 的 sidecar"}, {"the ingress", "入口"}, {"the caller", "调用方"},
		{"somebody without a sidecar", "没有 sidecar 的调用方"},
		{"a Secret that the rule names is not there, or lacks a certificate or an authority",
			"规则指定的 Secret 不存在，或者缺少证书或证书颁发机构"},
		{"its certificate is for another name", "它的证书属于另一个名称"},
		{"no authority that is believed has signed its certificate", "它的证书不是由受信任的机构签发的"},
		{"it asks for a certificate, and got none", "它要求证书，却没有得到"},
		{"it did not like what it got, as where it asks for a certificate and got none", "它不接受所得到的，例如它要求证书却没有得到"},
		{"it does not believe the authority of the certificate that it got", "它不信任所得到证书的颁发机构"},
		{"it does not believe the certificate that it got", "它不信任所得到的证书"},
		{"it does not speak TLS", "它不使用 TLS"}, {"it did not come about", "没有建立"},
		{", at each of {0} tries{1}", "，{0} 次尝试都是这样{1}"},
		{" of {0}", "（{0}）"},
		{" ({0}, {1} more each {2}; the next by {3})", "（共 {0}，每 {2} 补充 {1} 个；下一个最迟 {3}）"},
		{" ({0} in {1}; the next by {2})", "（每 {1} {0}；下一个最迟 {2}）"},
		{" (at most {0})", "（最多 {0}）"}, {" (there is none)", "（一个也没有）"},
		{" ({0} + {1})", "（{0} + {1}）"}, {" ({0})", "（{0}）"},
		{": the request has no token", "：请求没有令牌"}, {": {0}", "：{0}"},
		{"{0} of {1} connections", "连接 {0}/{1}"}, {"{0} of {1} connection", "连接 {0}/{1}"},
		{"{0} of {1} waiting requests", "等待的请求 {0}/{1}"}, {"{0} of {1} waiting request", "等待的请求 {0}/{1}"},
		{"{0} of {1} requests", "请求 {0}/{1}"}, {"{0} of {1} request", "请求 {0}/{1}"},
		{"{0} connections and {1}", "{0} 个连接和 {1}"}, {"{0} connection and {1}", "{0} 个连接和 {1}"},
		{"{0} waiting requests and {1}", "{0} 个等待的请求和 {1}"}, {"{0} waiting request and {1}", "{0} 个等待的请求和 {1}"},
		{"{0} connections", "{0} 个连接"}, {"{0} connection", "{0} 个连接"},
		{"{0} waiting requests", "{0} 个等待的请求"}, {"{0} waiting request", "{0} 个等待的请求"},
		{"{0} requests", "{0} 个请求"}, {"{0} request", "{0} 个请求"},
		{"{0} tokens", "{0} 个令牌"}, {"{0} token", "{0} 个令牌"},
	}
}

// conditionsInChinese are what kept a request from a route.
func conditionsInChinese() [][2]string {
	return [][2]string{
		{"pod {0} of {1} is starting", "{1} 的 Pod {0} 正在启动"}, {"pod {0} of {1} is ending", "{1} 的 Pod {0} 正在结束"},
		{"pod {0} of {1} is not ready", "{1} 的 Pod {0} 未就绪"}, {"pod {0} of {1} is in {2}", "{1} 的 Pod {0} 处于 {2}"},
		{"{0} leads all calls of {1} to {2}", "{0} 把对 {1} 的所有调用导向 {2}"},
		{"{0} would lead there, but {1}", "{0} 本来会导向那里，但是{1}"}, {"an earlier route acts", "前面的一条路由起了作用"},
		{"it was another pod's turn: {0} picks one of {1} pods of {2}", "轮到了另一个 Pod：{0} 从 {2} 的 {1} 个 Pod 中选一个"},
		{"chance: {0} splits by weight ({1}), and this request was drawn for {2}", "随机：{0} 按权重分配（{1}），这个请求被分给了 {2}"},
		{"none of its calls was of a host that has {0}: {1}", "它的调用里，没有一次针对有 {0} 的主机：{1}"},
		{"there is no {0} among the pods; there is {1}", "Pod 里没有 {0}；现有：{1}"},
		{"the default route", "默认路由"},
		{"an earlier route acts: {0}", "前面的一条路由起了作用：{0}"},
		{"{0} is starting, {1}", "{0} 正在启动、{1}"}, {"{0} is ending, {1}", "{0} 正在结束、{1}"}, {"{0} is not ready, {1}", "{0} 未就绪、{1}"},
		{"{0} is starting", "{0} 正在启动"}, {"{0} is ending", "{0} 正在结束"}, {"{0} is not ready", "{0} 未就绪"}, {"is not ready", "未就绪"}, {"is starting", "正在启动"}, {"is ending", "正在结束"},
		{"{0} has no identity, the rule wants {1}", "{0}没有身份，规则要求 {1}"},
		{"{0} is not kept", "{0}没有保留"}, {"there is no {0}, the rule wants {1}", "没有 {0}，规则要求 {1}"},
		{"{0} is {1}, the rule wants {2}", "{0} 是 {1}，规则要求 {2}"}, {"{0} is in {1}", "{0} 处于 {1}"},
		{"the path", "路径"}, {"the method", "方法"}, {"the host", "主机"}, {"the scheme", "协议"},
		{"parameter {0}", "参数 {0}"}, {"claim {0}", "声明 {0}"}, {"not {0}", "不是 {0}"}, {"any", "任意值"}, {"it allows nothing", "它什么都不允许"},
		{"it looks at what is not kept", "它所依据的内容没有保留"}, {"the request has no token", "请求没有令牌"}, {"{0} or {1}", "{0} 或 {1}"}, {"none", "没有"},
		{"{0} or below it", "{0} 或其下"},
	}
}

// labelsInChinese are what stands around the sentences.
func labelsInChinese() [][2]string {
	return [][2]string{
		{"no answer", "没有响应"}, {", {0} ago", "（{0} 前）"},
		{"{0} => {1} in {2}, at {3}, {4} ago", "{0} => {1}，用时 {2}，{3}，{4} 前"},
		{"{0} => {1} in {2}, at {3}", "{0} => {1}，用时 {2}，{3}"},
		{"{0} => {1}, at {2}", "{0} => {1}，{2}"},
		{"try {0}: {1}", "第 {0} 次：{1}"}, {"copy to {0}: {1}, which nobody waits for", "给 {0} 的副本：{1}，没有人等它的响应"},
		{"Rule: {0}, revision {1}", "规则：{0}，revision {1}"}, {"No rule: {0}", "没有规则：{0}"},
		{"No rule has a part in it.", "没有规则参与其中。"}, {"Did not act:", "没有起作用："}, {"and {0} more", "另有 {0} 条"},
		{"More:", "更多："}, {"Trace:", "追踪："}, {"Logs:", "日志："}, {"Undo:", "撤销："}, {"The rule is gone.", "规则已经不在了。"},
		{", in plain text", "，明文"}, {"by", "规则："},
		{"It did reach {0}.", "它确实到达了 {0}。"}, {"What kept it from {0}:", "它没有到达 {0} 的原因："},
	}
}
