package browser

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"istio-tutorial/e2e/await"
)

// typed runs the command that a view shows, and returns what it prints with single blanks.
func (v view) typed(l *lab, id string) (printed string) {
	v.t.Helper()
	command := eval[string](v, `document.querySelector('`+id+` code').textContent`)
	if !strings.HasPrefix(command, "bin/lab --name "+l.name+" ") {
		v.t.Fatalf("%s: the command is %q", id, command)
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		v.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

func blanks(s string) string { return strings.Join(strings.Fields(s), " ") }

// TestCommands holds each view of a real lab against what the command prints that it shows.
func TestCommands(t *testing.T) {
	ctx := chromium(t)
	l := start(t)
	l.withV2()
	l.run("create", "-f", "istiofiles/route-rule-recommendation-503.yml")
	v := open(t, ctx, l.page+"/?lang=en&theme=light", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	v.send(40)
	v.do(chromedp.SetValue("#window", "1m"), chromedp.Evaluate(`document.getElementById('window').dispatchEvent(new Event('change'))`, nil))
	v.picture("real")
	v.why(l)
	v.table(l, 4)
	v.rules(l)
	v.do(chromedp.KeyEvent("s"), chromedp.SetValue("#agent", "it's Safari"), chromedp.Evaluate(`document.getElementById('form').dispatchEvent(new Event('input'))`, nil))
	if out := v.typed(l, "#typed-send"); !strings.HasPrefix(out, "GET 127.0.0.1") {
		t.Errorf("why --send: %s", out)
	}
	if out := v.typed(l, "#typed-answers"); strings.Count(out, "\nMore:") != 3 {
		t.Errorf("why -n 3: %s", out)
	}
	if out := v.typed(l, "#typed-time"); !strings.HasPrefix(out, "Since the rules last changed") {
		t.Errorf("top: %s", out)
	}
}

// send has the page send so many requests, and more.
func (v view) send(n int) {
	v.t.Helper()
	v.do(chromedp.KeyEvent("s"), chromedp.SetValue("#rate", "40"), chromedp.Click("#start"))
	v.until(`Number((/(\d+) answered/.exec(document.getElementById('sending').textContent) || [0, 0])[1]) > `+itoa(n),
		`document.getElementById('sending').textContent`)
	v.do(chromedp.Click("#stop"))
	v.until(`/stopped/.test(document.getElementById('sending').textContent)`, `document.getElementById('sending').textContent`)
	v.do(chromedp.KeyEvent("a"))
}

// why compares an explanation with the verb's, word for word.
func (v view) why(l *lab) {
	v.t.Helper()
	v.until(`document.querySelector('#answers .cause.made')`, `document.getElementById('answers').innerText`)
	if text := eval[string](v, `document.querySelector('#answers .cause.made').closest('button').innerText`); !strings.Contains(text, "customer => 503 preference => 503 fault filter abort") {
		v.t.Errorf("the row is %q", text)
	}
	v.do(chromedp.Evaluate(`document.querySelector('#answers .cause.made').closest('button').click()`, nil))
	v.until(`!document.getElementById('why').hidden`, `document.body.innerText`)
	shown := eval[string](v, `document.querySelector('#why pre').textContent`)
	if printed := v.typed(l, "#why .typed"); printed != shown || !strings.Contains(shown, "istiofiles/route-rule-recommendation-503.yml:16") {
		v.t.Errorf("shown:\n%s\nprinted:\n%s", shown, printed)
	}
	v.picture("real-why")
}

// table compares the rows, at least so many, and their picture, once the page has what was logged last. Rates sink
// meanwhile.
func (v view) table(l *lab, least int) {
	v.t.Helper()
	v.do(chromedp.KeyEvent("t"))
	v.until(`document.querySelectorAll('#table tbody')[0].children.length >= `+itoa(least), `document.getElementById('table').innerText`)
	if err := await.Until(await.Patience, func() error { return v.compare(l) }); err != nil {
		v.t.Error(err)
	}
	graph := v.typed(l, "#typed-graph")
	for _, row := range eval[[]string](v, `[...document.querySelectorAll('#table tbody')[0].rows].map((r) => r.children[1].textContent)`) {
		if !strings.Contains(graph, `"`+row+`"`) {
			v.t.Errorf("no %q in %s", row, graph)
		}
	}
}

// compare holds the rows of the page against what its command prints.
func (v view) compare(l *lab) error {
	v.t.Helper()
	printed := v.typed(l, "#typed-table")
	var lines []string
	for line := range strings.SplitSeq(printed, "\n") {
		lines = append(lines, rate.ReplaceAllString(blanks(line), "RATE"))
	}
	all := strings.ReplaceAll(strings.Join(lines, "\n"), "%", " %")
	rows := eval[[]string](v, `[...document.querySelectorAll('#table tbody tr')].map((r) => [...r.children].map((c) => c.textContent).join(' '))`)
	for _, row := range rows {
		if strings.Contains(row, "ejected by") {
			continue // its seconds run
		}
		if row = rate.ReplaceAllString(blanks(row), "RATE"); !strings.Contains(all, row) {
			return fmt.Errorf("the page has %q, the verb:\n%s", row, all)
		}
	}
	return nil
}

var rate = regexp.MustCompile(`[0-9.]+/s`)

// rules compares the tables of what rules make of calls.
func (v view) rules(l *lab) {
	v.t.Helper()
	v.do(chromedp.KeyEvent("r"))
	v.until(`document.querySelectorAll('#rules details').length == 1`, `document.getElementById('rules').innerText`)
	printed := blanks(v.typed(l, "#typed-rules"))
	rows := eval[[]string](v, `[...document.querySelectorAll('#rules :is(.routes, .clusters) li')].map((r) => [...r.querySelectorAll('b, div:not(.from) > dd')].map((c) => c.textContent).join(' '))`)
	if len(rows) < 2 {
		v.t.Errorf("rows %q", rows)
	}
	for _, row := range rows {
		if !strings.Contains(printed, blanks(row)) {
			v.t.Errorf("no %q in %s", row, printed)
		}
	}
	v.picture("real-rules")
}
