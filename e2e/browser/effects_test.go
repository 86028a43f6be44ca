package browser

import (
	"strings"
	"testing"
)

// poll asks until the page shows what a rule does.
func (v view) poll(what, condition string) {
	v.t.Helper()
	v.do(evaluate(`fetch('api/send', {method: 'POST', headers: {'Content-Type': 'application/json'},
		body: JSON.stringify({rate: 20, atOnce: 10})}).then(() => 0)`))
	v.until(condition, `document.getElementById('stage').textContent + document.getElementById('answers').innerText`)
	v.picture("real-" + what)
	v.do(evaluate(`fetch('api/stop', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then(() => 0)`))
}

// TestEffects walks the lessons whose effects only a picture shows, with a real lab.
func TestEffects(t *testing.T) {
	ctx := chromium(t)
	l := start(t)
	l.withV2()
	v := open(t, ctx, l.page+"/?lang=en&theme=light", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	const mirrored = "istiofiles/route-rule-recommendation-v1-mirror-v2.yml"
	l.run("create", "-f", mirrored)
	v.poll("mirror", `document.querySelectorAll('.copies path').length == 1 && document.querySelectorAll('.mark').length == 1`)
	l.run("delete", "-f", mirrored)
	const aborting = "istiofiles/route-rule-recommendation-503.yml"
	l.run("create", "-f", aborting)
	v.poll("abort", `/injected abort/.test(document.querySelector('.stops').textContent)`)
	l.run("delete", "-f", aborting)
	l.run("create", "-f", "istiofiles/recommendation_cb_policy_pool_ejection.yml", "-f", "istiofiles/route-rule-recommendation-v1_and_v2_50_50.yml")
	l.run("exec", "deployment/recommendation-v2", "--", "recommendation", "misbehave")
	v.poll("ejection", `/ejected by preferenceback in \d+ s/.test(document.querySelector('.nodes').textContent)`)
	if top := l.run("top"); !strings.Contains(top, "ejected by preference for ") {
		t.Errorf("top: %s", top)
	}
	if marks := eval[[]string](v, `[...document.querySelectorAll('.mark')].map((m) => m.title)`); len(marks) != 5 {
		t.Errorf("marks: %q", marks)
	}
}
