package browser

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func itoa(n int) string { return strconv.Itoa(n) }

func report(b *testing.B, value float64, unit string, most float64) {
	b.Helper()
	verdict := "met"
	if value > most {
		verdict = "missed"
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(value, unit)
	b.Logf("%.4g %s; at most %.4g: %s", value, unit, most, verdict)
}

// BenchmarkShown takes how long it is from an answer to its row and to its dot.
func BenchmarkShown(b *testing.B) {
	ctx := chromium(b)
	l := start(b)
	v := open(b, ctx, l.page+"/?lang=en", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	v.do(chromedp.Evaluate(`window.rows = []; window.dots = [];
		new MutationObserver((list) => { for (const m of list) for (const n of m.addedNodes) if (n.dataset && n.dataset.id) rows.push(Date.now()); })
			.observe(document.getElementById('answers'), {childList: true});
		document.getElementById('stage').addEventListener('dot', () => dots.push(Date.now())); 0`, nil))
	var answers []time.Time
	for i := range 100 {
		res, err := http.Get(l.url)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		answers = append(answers, time.Now())
		v.until(fmt.Sprintf("rows.length > %d && dots.length > %[1]d", i), "[rows.length, dots.length]")
	}
	for _, what := range []string{"rows", "dots"} {
		at := eval[[]int64](v, what)
		var late []float64
		for i, answered := range answers {
			late = append(late, float64(at[i]-answered.UnixMilli()))
		}
		slices.Sort(late)
		report(b, late[len(late)*95/100], "ms-p95-to-"+what, 500)
	}
}

// BenchmarkLongTasks counts what holds the page up for more than 50 ms, while 300 requests come a
// second.
func BenchmarkLongTasks(b *testing.B) {
	ctx := chromium(b)
	l := start(b)
	v := open(b, ctx, l.page+"/?lang=en", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	v.do(chromedp.Evaluate(`window.long = 0; new PerformanceObserver((l) => { long += l.getEntries().length; }).observe({type: 'longtask'}); 0`, nil))
	begun := time.Now()
	b.Log(l.run("load", "-c", "30", "-d", "200ms", "-t", "60S"))
	rate := eval[float64](v, `Number.parseFloat(document.querySelector('.rate').textContent)`)
	b.Logf("%v, %.0f requests a second", time.Since(begun).Round(time.Second), rate)
	report(b, eval[float64](v, "long"), "long-tasks-a-minute", 3)
}
