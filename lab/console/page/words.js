// The page's own words. Causes come from the lab in English, as the verbs print them.

const en = {
  title: 'Istio tutorial', skip: 'To the picture', tools: 'View', pause: 'Pause', resume: 'Go on', still: 'Stop motion', big: 'Large',
  theme: 'Light or dark', keys: 'Keys', traffic: 'Traffic', pictureOrTable: 'Picture or table', graph: 'Graph',
  table: 'Table', window: 'Window', w10s: 'last 10 s', w1m: 'last minute', wchange: 'since the rules changed',
  signs: 'Signs', time: 'Five minutes', now: 'Back to now', look: 'Look back', side: 'Answers, rules, sending',
  answers: 'Answers', rules: 'Rules', send: 'Send', rate: 'Requests a second', atOnce: 'At once, at most',
  agent: 'User-Agent', headers: 'Headers, one in a line', path: 'Path', sendOne: 'Send one and explain it',
  start: 'Start', stop: 'Stop sending', close: 'Close', live: 'live', paused: 'paused', back: 'looking back',
  starting: 'waiting for the lab', lost: 'the lab is gone',
  gone: 'The lab is gone ({why}). {up} starts it again; this page then goes on by itself.',
  noTraffic: 'No request in this window. Send one here with key s, or type {poll} in a terminal.',
  noTrafficPaused: 'The page is paused at a moment without requests. Key p goes on.',
  noAnswers: 'No request has passed through the mesh yet. Key s leads to Send.',
  numbers: 'All numbers are of: {window}', ago: '{n} s ago, the 10 s until then', sinceMark: 'since the rules changed, {n} s',
  same: 'In a terminal:', copy: 'Copy', copied: 'Copied', perSecond: '/s', errors: '{n} errors', error1: '1 error',
  ok: 'answered', slow: 'held back by a rule', retried: 'answered after a retry', errorSign: 'error of a program',
  made: 'ended by a proxy', denied: 'refused', copySign: 'mirrored copy', ejectedBy: 'ejected by {who}', returns: 'back in {n} s', returnsAny: 'back at the next check',
  gate: 'circuit full', outside: 'outside', more: '{n} more', pod: 'pod', notReady: 'not ready', tries: '{n} tries more',
  from: 'From', to: 'To', share: 'Share', rateHead: 'Rate', errorsHead: 'Errors', triesHead: 'Tries', causes: 'Causes',
  workload: 'Workload', state: 'State', ready: 'ready', edges: 'Who calls whom', pods: 'Pods', mirrored: '{n} mirrored',
  why: 'Why', unknownText: 'the text of an answer is known only of requests that this page sent',
  held: 'The list waits while you are in it: {n} more came.', rush: 'The latest few, of about {n} a second.', of: 'at {at}', trace: 'Its trace', identities: 'As whom each call came', plainText: 'in plain text, without an identity',
  noRules: 'No rules are in force: the defaults of edition {edition} are.', inOrder: 'In the order in which they act',
  never: 'Never act, or less than they say', files: 'The rules', diff: 'changed: was and is',
  before: 'Before', after: 'After', mark: 'Rules changed at {at}', marksNear: '{n} changes of the rules', came: 'came', went: 'went', changed: 'changed',
  sendingNow: 'Sending {rate} a second: {done} answered.', sent: '{done} answered, stopped.', failed: 'The last one failed: {why}',
  sentOne: 'Sent; its explanation is under Answers.', noMarks: 'No rule came or went in this time. Requests a second; errors below.',
  marks: 'Requests a second; errors below. Choose a mark to compare before and after.',
  keyw: 'Next window', keye: 'Explain the last error',
  heard: '{window}: {n} requests, {errors} errors. {causes}',
  copiesFailed: '{n} of them failed', fine: 'fine',
  dropped: '{n} lines of the proxies’ log were not read: the numbers are too low.', languageName: '中文',
};

const zh = {
  title: 'Istio 教程', skip: '跳到图', tools: '视图', pause: '暂停', resume: '继续', still: '停止动画', big: '大字',
  theme: '浅色或深色', keys: '按键', traffic: '流量', pictureOrTable: '图或表', graph: '图', table: '表', window: '时间窗口',
  w10s: '最近 10 秒', w1m: '最近 1 分钟', wchange: '自规则变更以来', signs: '图例', time: '五分钟', now: '回到现在',
  look: '回看', side: '回答、规则、发送', answers: '回答', rules: '规则', send: '发送', rate: '每秒请求数', atOnce: '同时最多',
  agent: 'User-Agent', headers: '请求头，每行一个', path: '路径', sendOne: '发送一个并解释', start: '开始', stop: '停止发送', close: '关闭',
  live: '实时', paused: '已暂停', back: '正在回看', starting: '等待 lab', lost: 'lab 已停止',
  gone: 'lab 已停止（{why}）。用 {up} 重新启动，本页会自动继续。',
  noTraffic: '这个时间窗口内没有请求。按 s 键在这里发送，或在终端运行 {poll}。',
  noTrafficPaused: '页面暂停在没有请求的时刻。按 p 键继续。', noAnswers: '还没有请求经过网格。按 s 键转到“发送”。',
  numbers: '所有数字的时间窗口：{window}', ago: '{n} 秒前，到那时为止的 10 秒', sinceMark: '自规则变更以来，{n} 秒', same: '在终端里：', copy: '复制', copied: '已复制',
  perSecond: '/秒', errors: '{n} 个错误', error1: '1 个错误', ok: '已响应', slow: '被规则延迟', retried: '重试后响应',
  errorSign: '程序出错', made: '由代理结束', denied: '被拒绝', copySign: '镜像副本', ejectedBy: '被 {who} 弹出', returns: '{n} 秒后返回', returnsAny: '下次检查时返回',
  gate: '断路器已满', outside: '网格外', more: '另有 {n} 个', pod: 'Pod', notReady: '未就绪', tries: '重试 {n} 次',
  from: '来自', to: '去往', share: '占比', rateHead: '速率', errorsHead: '错误', triesHead: '重试', causes: '原因', workload: '工作负载',
  state: '状态', ready: '就绪', edges: '谁调用谁', pods: 'Pod', mirrored: '{n} 个镜像副本', why: '为什么',
  unknownText: '只有本页发送的请求才知道回答的文本', held: '停留在列表中时，列表不会移动：又来了 {n} 个。', rush: '每秒约 {n} 个，这里只有最新的几个。', of: '在 {at}', trace: '它的追踪', identities: '每次调用以什么身份到来', plainText: '明文，没有身份',
  noRules: '没有生效的规则：使用 edition {edition} 的默认行为。', inOrder: '按生效顺序', never: '从不生效，或没有完全生效', files: '规则文件',
  diff: '变更：之前与现在', before: '之前', after: '之后', mark: '规则在 {at} 变更', marksNear: '规则变更 {n} 次', came: '新增', went: '删除', changed: '修改',
  sendingNow: '每秒发送 {rate} 个：已回答 {done} 个。', sent: '已回答 {done} 个，已停止。', failed: '最后一个失败：{why}', sentOne: '已发送；解释见“回答”。',
  noMarks: '这段时间内没有规则变更。每秒请求数；下方为错误。', marks: '每秒请求数；下方为错误。选择一个标记可比较前后。',
  keyw: '下一个时间窗口', keye: '解释最近的错误',
  heard: '{window}：{n} 个请求，{errors} 个错误。{causes}',
  copiesFailed: '其中 {n} 个失败', fine: '正常',
  dropped: '代理日志有 {n} 行没有读到：数字偏低。', languageName: 'English',
};

const causes = {
  answered: '已响应', 'answered after a retry': '重试后已响应', 'injected delay': '注入的延迟', 'injected abort': '注入的中止',
  timeout: '超时', 'timeout of each try': '单次尝试超时', 'circuit full': '断路器已满', 'no pod left, all ejected': '没有 Pod 可用，全部被弹出',
  'no pod': '没有 Pod', 'no such subset': '没有这样的子集', 'connection refused': '连接被拒绝', 'connection reset': '连接被重置',
  'no TLS': 'TLS 未建立',
  'no route': '没有路由', 'no listener': '没有监听器', 'no such host': '没有这样的主机', 'host outside not allowed': '不允许访问外部主机', "sidecar's own address": '是 sidecar 自己的地址',
  'denied by a policy': '被策略拒绝', 'not allowed by any policy': '没有任何策略允许', 'rate limit': '限流',
  "program's own error": '程序自身的错误', 'error passed on': '传递下来的错误', 'caller gave up': '调用方放弃', redirect: '重定向', token: '令牌无效',
  'direct answer': '直接响应', 'answered by a host outside': '外部主机已响应', 'not explained': '无法解释', 'still under way': '仍在进行',
};

const wanted = new URLSearchParams(location.search).get('lang') || navigator.language || 'en';
export const language = wanted.toLowerCase().startsWith('zh') ? 'zh' : 'en';
const words = language === 'zh' ? zh : en;

export function t(key, values) {
  const text = words[key] ?? en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => (values && name in values ? values[name] : all));
}

export const cause = (c) => (language === 'zh' && causes[c]) || c;
export const errors = (n) => (n === 1 ? t('error1') : t('errors', { n }));

// translate puts the words into what stands in the page from the start.
export function translate(root) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll('[data-label]')) node.setAttribute('aria-label', t(node.dataset.label));
}

// Numbers as the verbs print them, so that both can be compared.
export const perSecond = (rate) => `${rate.toFixed(rate > 0 && rate < 0.1 ? 2 : 1)}${t('perSecond')}`;

export function took(ms) {
  if (ms === undefined) return '–';
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 10 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;
}

export const clock = (ms) => new Date(ms).toTimeString().slice(0, 8);
