package main

// inChinese is how what a person typed wrongly, and what is missing to begin, is said in Chinese: the English
// text with the verbs of fmt, and the Chinese one with their places. The first that fits counts. What a text
// quotes may be one of the others.
func inChinese() [][2]string {
	return append(append(generalInChinese(), flagsInChinese()...), verbsInChinese()...)
}

// generalInChinese are those that several verbs have, and cobra's.
func generalInChinese() [][2]string {
	return [][2]string{
		{"see %s -h", "用法见 %[1]s -h"},
		{"unknown command %q for %q%s", "%[2]s 没有命令 %[1]s%[3]s"},
		{"; did you mean %s?", "；是不是想写 %[1]s？"},
		{"; there is %s", "；现有：%[1]s"},
		{"; bin/lab api-resources lists those it has", "；bin/lab api-resources 列出所有种类"},
		{"the lab knows no kind %q%s", "lab 没有种类 %[1]s%[2]s"},
		{": no pod has one", "：没有哪个 Pod 有它"},
		{": pods are those of Deployments", "：Pod 都属于 Deployment"},
		{": pods share this machine's files", "：Pod 共用这台机器的文件"},
		{": nothing in it would act", "：它在这里不起任何作用"},
		{": it has no users", "：它没有用户"},
		{"%s %q not found%s", "没有名为 %[2]s 的 %[1]s%[3]s"},
		{"no lab is running; `%s` or `make run` starts one", "没有正在运行的 lab；用 `%[1]s` 或 `make run` 启动一个"},
		{"the lab does not answer (stopped by Ctrl-Z? fg continues it)", "lab 没有响应（是不是被 Ctrl-Z 暂停了？fg 可让它继续）"},
		{"lab %s, pid %d: the lab does not answer (stopped by Ctrl-Z? fg continues it)",
			"lab %[1]s（pid %[2]s）没有响应（是不是被 Ctrl-Z 暂停了？fg 可让它继续）"},
		{"lab %s is running, pid %d, at %s; `%s` ends it", "lab %[1]s 正在运行（pid %[2]s），地址是 %[3]s；用 `%[4]s` 结束它"},
		{"lab %s did not start", "lab %[1]s 没有启动"},
		{"lab name %q: want up to 20 of a-z, 0-9 and -, no - at an end",
			"lab 的名字 %[1]s 不合要求：要用 a-z、0-9 和 -，最多 20 个字符，开头和结尾不能是 -"},
		{"ingress: %s is taken by %s: %s, or `%s` listens elsewhere, as does `make run LISTEN=%s`",
			"入口：%[1]s 已被占用：%[2]s。%[3]s，或者换一个地址：`%[4]s`，或 `make run LISTEN=%[5]s`"},
		{"another program", "另一个程序"},
		{"lab %s, pid %d", "lab %[1]s，pid %[2]s"},
		{"%s, pid %d", "%[1]s，pid %[2]s"},
		{"end that", "请结束它"},
		{"`%s` ends it", "用 `%[1]s` 结束它"},
		{"unknown flag: %s", "没有选项 %[1]s"},
		{"unknown shorthand flag: %s in %s", "没有选项 %[1]s（在 %[2]s 里）"},
		{"bad flag syntax: %s", "选项写法有误：%[1]s"},
		{"flag needs an argument: %s", "选项后面缺少值：%[1]s"},
		{"invalid argument %q for %q flag: %s", "选项 %[2]s 的值 %[1]s 不对：%[3]s"},
		{"strconv.ParseInt: parsing %q: invalid syntax", "%[1]s 不是数字"},
		{"accepts at most %d arg(s), received %d", "最多 %[1]s 个参数，这里有 %[2]s 个"},
		{"accepts %d arg(s), received %d", "需要 %[1]s 个参数，这里有 %[2]s 个"},
		{"requires at least %d arg(s), only received %d", "至少需要 %[1]s 个参数，这里只有 %[2]s 个"},
		{"filename not specified (see --filename or -f)", "没有写文件（用 --filename 或 -f）"},
		{"%s: not found on the PATH; %s tells how to install it", "PATH 里没有 %[1]s；安装方法见 %[2]s"},
		{"open %s: no such file or directory", "没有文件 %[1]s"},
		{"stat %s: no such file or directory", "没有文件 %[1]s"},
	}
}

// flagsInChinese are those about the value of a flag.
func flagsInChinese() [][2]string {
	return [][2]string{
		{"%s=%s: want lab or cluster", "%[1]s=%[2]s：可以是 lab 或 cluster"},
		{"--image is missing", "缺少 --image"},
		{"--replicas is missing", "缺少 --replicas"},
		{"--%s=%d: want %d or more", "--%[1]s=%[2]s：至少是 %[3]s"},
		{"--%s=%d: want at least %d", "--%[1]s=%[2]s：至少是 %[3]s"},
		{"--since=%v: want more than 0", "--since=%[1]s：要大于 0"},
		{"--output=%s: want json, or nothing", "--output=%[1]s：可以是 json，或者不写"},
		{"--edition=%s: want %s, or all", "--edition=%[1]s：可以是 %[2]s 或 all"},
		{"--output=%s: want %s", "--output=%[1]s：可以是 %[2]s"},
		{"--%s=%s: port %q: want a number up to 65535", "--%[1]s=%[2]s：端口 %[3]s：要写不大于 65535 的数字"},
		{"--%s=%s: want an address that only this machine reaches, such as %s",
			"--%[1]s=%[2]s：要写只有本机能访问的地址，例如 %[3]s"},
		{"--time=%s: want a time such as %s", "--time=%[1]s：要写时间，例如 %[2]s"},
		{"--header=%s: want 'NAME: VALUE'", "--header=%[1]s：要写成 'NAME: VALUE'"},
		{"--for=%s: want %s", "--for=%[1]s：可以是 %[2]s"},
		{"--%s=%s: want %s", "--%[1]s=%[2]s：可以是 %[3]s"},
		{"--%s picks lines of the table, and not of -o json", "--%[1]s 选的是表格的行，不能用于 -o json"},
		{"--%s is the lab's: a cluster shows all routes of a proxy", "--%[1]s 是 lab 才有的：集群上列出代理的全部路由"},
		{"--all takes neither --from nor --to", "--all 不能和 --from、--to 一起用"},
		{"--all and -l take no names", "--all 和 -l 后面不写名字"},
		{"--watch and --send: want one of them", "--watch 和 --send 只能用其中一个"},
		{"--from: want the address to call, such as %s", "--from：还要写请求的地址，例如 %[1]s"},
		{"--%s is for --send", "--%[1]s 只用于 --send"},
		{"--%s: %w", "--%[1]s：地址的写法有误：%[2]s"},
		{"--for=jsonpath=%s: %w", "--for=jsonpath=%[1]s：写法有误：%[2]s"},
		{"--%s=%s: %w", "--%[1]s=%[2]s：写法有误：%[3]s"},
		{"must specify --patch or --patch-file, one of them", "要写 --patch 或 --patch-file，只写其中一个"},
		{"custom-columns format specified but no custom columns given", "custom-columns 后面没有写列"},
		{"unexpected custom-columns spec: %s, expected <header>:<json-path-expr>",
			"custom-columns 的写法有误：%[1]s，应为 <标题>:<JSON 路径>"},
		{"custom-columns-file: want a line of titles, and one with a path for each",
			"custom-columns-file：要有一行标题，再有一行，每个标题一个路径"},
		{"custom-columns: %s: %w", "custom-columns：%[1]s：写法有误：%[2]s"},
		{"-f and -k delete what the files name, and take no other names", "-f 和 -k 删除文件里写的对象，后面不写别的名字"},
		{"-f and -k name what to list, and take no other names", "-f 和 -k 列出文件里写的对象，后面不写别的名字"},
		{"-f and -k name the objects, and take no other names", "-f 和 -k 已经指定对象，后面不写别的名字"},
		{"-l takes no names", "-l 后面不写名字"},
	}
}

// verbsInChinese are those about the arguments of one verb.
func verbsInChinese() [][2]string {
	return [][2]string{
		{"%s: no such lesson; `%s` lists them", "没有名为 %[1]s 的课；`%[2]s` 列出所有课"},
		{"no request %q is known: the lab keeps the last 2000 and, for five minutes, the first of each kind",
			"没有请求 %[1]s：lab 保留最近的 2000 个，每种的第一个保留五分钟"},
		{"%d requests begin with %q: type more of it", "有 %[1]s 个请求以 %[2]s 开头：请多写几个字符"},
		{"no request has passed through the mesh yet: %s sends one", "还没有请求经过网格：%[1]s 会发送一个"},
		{"the proxy's log does not have the request that was sent", "代理的日志里没有所发送的请求"},
		{"deployment %q has no pod whose sidecar takes calls", "Deployment %[1]s 没有 sidecar 接受调用的 Pod"},
		{"%s takes no arguments: %s -f %s", "%[1]s 后面不直接写参数：%[2]s -f %[3]s"},
		{"provide configuration type and name or -f option", "要写种类和名字，或者 -f"},
		{"want POD -- COMMAND [ARG...]; bin/lab get pods lists the pods",
			"要写 POD -- COMMAND [ARG...]；bin/lab get pods 列出所有 Pod"},
		{"want POD, deployment/NAME or -l LABELS; bin/lab get pods lists the pods",
			"要写 POD、deployment/NAME 或 -l LABELS；bin/lab get pods 列出所有 Pod"},
		{"logs takes one POD, or -l LABELS", "logs 后面写一个 POD，或者 -l LABELS"},
		{"name what to list: %s", "要写明列出什么：%[1]s"},
		{"%s/%s: want deployment/NAME", "%[1]s/%[2]s：要写 deployment/NAME"},
		{"want deployment/NAME, and %s after it", "要写 deployment/NAME，后面写 %[1]s"},
		{"%q: want http://HOST", "%[1]s：要写 http://HOST"},
		{"%q: want %s", "%[1]s：要写 %[2]s"},
		{"one or more objects must be specified as KIND NAME or KIND/NAME", "要写一个或几个对象：KIND NAME 或 KIND/NAME"},
		{"at least one %s update is required: KEY=VALUE or KEY-", "至少要写一个 %[1]s：KEY=VALUE 或 KEY-"},
		{"name the objects, or all by --all", "要写对象的名字，或者用 --all 表示全部"},
		{"%d users: want at least 1", "%[1]s 个用户：至少要 1 个"},
		{"neither requests nor delays can be less than 0", "请求数和延迟都不能小于 0"},
		{"patch:%d: %s", "patch 第 %[1]s 行有误：%[2]s"},
		{"name a host, or a client by --client", "要写主机名，或者用 --client 写客户端的名字"},
		{"%q is not the name of a host or a client", "%[1]s 不是主机或客户端的名字"},
		{"--cert and --key are needed", "要写 --cert 和 --key"},
		{"--output needs --dry-run=client", "--output 要和 --dry-run=client 一起用"},
		{"%s: key %s given twice", "%[1]s：键 %[2]s 写了两次"},
		{"--ttl and --expired exclude each other", "--ttl 和 --expired 只能用其中一个"},
	}
}
