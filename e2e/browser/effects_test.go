package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// poll asks until the page shows what a rule does, and holds its table against what `bin/lab top` prints.
func (v view) poll(l *lab, what, condition string, header ...string) {
	v.t.Helper()
	v.shows(what, condition, header...)
	v.rests(l)
}

// alone does the same where only the ingress calls.
func (v view) alone(l *lab, what, condition string, header ...string) {
	v.t.Helper()
	v.shows(what, condition, header...)
	v.stops()
	v.table(l, 1)
	v.do(chromedp.KeyEvent("g"))
}

// shows has the page send until it shows what a rule does.
func (v view) shows(what, condition string, header ...string) {
	v.t.Helper()
	v.do(evaluate(`fetch('api/send', {method: 'POST', headers: {'Content-Type': 'application/json'},
		body: JSON.stringify({rate: 20, atOnce: 10, headers: ` + text(append([]string{}, header...)) + `})}).then(() => 0)`))
	v.until(condition, `document.getElementById('stage').textContent + document.getElementById('answers').innerText`)
	v.picture("real-" + what)
}

// rests stops that, and compares the tables of the whole chain.
func (v view) rests(l *lab) {
	v.t.Helper()
	v.stops()
	v.table(l, 3)
	v.do(chromedp.KeyEvent("g"))
}

// stops has the page send no more.
func (v view) stops() {
	v.t.Helper()
	v.do(evaluate(`fetch('api/stop', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then(() => 0)`))
	v.until(`/stopped/.test(document.getElementById('sending').textContent)`, `document.getElementById('sending').textContent`)
}

// sinceChange has the numbers since a rule came or went, which do not sink while they are compared.
func (v view) sinceChange() {
	v.t.Helper()
	v.do(chromedp.SetValue("#window", "change"), chromedp.Evaluate(`document.getElementById('window').dispatchEvent(new Event('change'))`, nil))
}

// TestEffects walks the lessons whose effects only a picture shows, with a real lab.
func TestEffects(t *testing.T) {
	ctx := chromium(t)
	l := start(t)
	l.withV2()
	v := open(t, ctx, l.page+"/?lang=en&theme=light", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	v.sinceChange()
	const mirrored = "istiofiles/route-rule-recommendation-v1-mirror-v2.yml"
	l.run("create", "-f", mirrored)
	v.poll(l, "mirror", `/mirrored copy \d/.test(document.querySelector('.copies').textContent) && document.querySelectorAll('.mark').length == 1`)
	l.run("delete", "-f", mirrored)
	const aborting = "istiofiles/route-rule-recommendation-503.yml"
	l.run("create", "-f", aborting)
	v.poll(l, "abort", `/injected abort/.test(document.querySelector('.stops').textContent)`)
	l.run("delete", "-f", aborting)
	const splitting, breaking = "istiofiles/route-rule-recommendation-v1_and_v2_50_50.yml", "istiofiles/recommendation_cb_policy_version_v2.yml"
	l.run("create", "-f", breaking, "-f", splitting)
	l.run("set", "env", "deployment/recommendation-v2", "TIMEOUT=500ms")
	l.run("rollout", "status", "deployment/recommendation-v2")
	v.poll(l, "circuit", `/circuit full/.test(document.querySelector('.stops').textContent)`)
	l.run("set", "env", "deployment/recommendation-v2", "TIMEOUT-")
	l.run("rollout", "status", "deployment/recommendation-v2")
	l.run("delete", "-f", breaking, "-f", splitting)
	const retrying = "istiofiles/route-rule-recommendation-v1_and_v2_retry.yml"
	l.run("create", "-f", retrying)
	l.run("exec", "deployment/recommendation-v2", "--", "recommendation", "misbehave")
	v.poll(l, "retry", `/tries more/.test(document.querySelector('.loop:not([hidden])')?.textContent)`)
	l.run("delete", "-f", retrying)
	l.run("create", "-f", "istiofiles/recommendation_cb_policy_pool_ejection.yml", "-f", splitting)
	v.shows("ejection", `/ejected by preferenceback in \d+ s/.test(document.querySelector('.nodes').textContent)`)
	if top := l.run("top"); !strings.Contains(top, "ejected by preference for ") {
		t.Errorf("top: %s", top)
	}
	v.rests(l)
	if marks := eval[[]string](v, `[...document.querySelectorAll('.mark')].flatMap((m) => m.title.split('\n').slice(m.title.includes('\n') ? 1 : 0))`); len(marks) < 9 {
		t.Errorf("marks: %q", marks)
	}
}

// TestIdentities walks the lessons on who calls: what is refused, and as whom a call came.
func TestIdentities(t *testing.T) {
	ctx := chromium(t)
	l := start(t, "--edition", "v1")
	v := open(t, ctx, l.page+"/?lang=en&theme=light", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	v.sinceChange()
	l.run("apply", "-f", "istiofiles/v1/token-authentication.yml")
	v.alone(l, "token", `document.querySelector('#answers .cause.denied')`, "Authorization: Bearer nonsense")
	l.run("delete", "-f", "istiofiles/v1/token-authentication.yml")
	l.run("apply", "-f", "istiofiles/v1/access-nothing.yml", "-f", "istiofiles/v1/access-chain.yml")
	v.alone(l, "access", `[...document.querySelectorAll('#answers .cause.denied')].some((n) => /not allowed/.test(n.textContent))`)
	const gateway = "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"
	for language, identity := range map[string]string{
		"en": "the ingress, which came as " + gateway, "zh": "入口（身份是 " + gateway,
	} {
		w := open(t, ctx, l.page+"/?theme=light&lang="+language, 1400, 1000)
		w.until(`document.querySelector('#answers .cause.denied')`, "document.body.innerText")
		w.do(chromedp.Evaluate(`document.querySelector('#answers .cause.denied').closest('button').click()`, nil))
		w.until(`!document.getElementById('why').hidden`, "document.body.innerText")
		w.picture("real-identity-" + language)
		shown := eval[string](w, `document.querySelector('#why pre').textContent`)
		if !strings.Contains(strings.Join(strings.Fields(shown), ""), strings.ReplaceAll(identity, " ", "")) {
			t.Errorf("%s: no %q in %s", language, identity, shown)
		}
		if printed := w.typed(l, "#why .typed"); printed != shown {
			t.Errorf("%s: shown:\n%s\nprinted:\n%s", language, shown, printed)
		}
	}
	v = open(t, ctx, l.page+"/?lang=en&theme=light", 1400, 1000) // there is one tab
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	v.sinceChange()
	l.run("apply", "-f", "istiofiles/v1/access-ingress.yml")
	v.poll(l, "allowed", `document.querySelector('#answers li:first-child .icon .ok')`)
	v.do(chromedp.Evaluate(`document.querySelector('#answers li:first-child button').click()`, nil))
	v.until(`document.querySelector('#why .identities')`, `document.getElementById('why').innerText`)
	v.picture("real-identities")
	const came = "customer → preference: cluster.local/ns/istio-tutorial/sa/customer"
	if all := eval[string](v, `document.querySelector('#why .identities').textContent`); !strings.Contains(all, came) {
		t.Errorf("no %q in %s", came, all)
	}
}
