package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// BenchmarkCost takes what a page costs while requests come at some rate: the time that the processor
// spends for all of the browser's processes and for the lab's own, by 1000 requests.
func BenchmarkCost(b *testing.B) {
	const length = 20 * time.Second
	ctx := chromium(b)
	l := start(b)
	v := open(b, ctx, l.page+"/?lang=en", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	browser := chromedp.FromContext(ctx).Browser.Process().Pid
	for _, rate := range []int{10, 300} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			paced(b, l.url, rate, length/4) // the page is in its stride
			parts, shows, serves := v.metrics(), spent(b, family(b, browser)...), spent(b, l.cmd.Process.Pid)
			answered := paced(b, l.url, rate, length)
			by := 1000 / float64(answered)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric((spent(b, family(b, browser)...)-shows).Seconds()*1000*by, "browser-ms-by-1000")
			b.ReportMetric((spent(b, l.cmd.Process.Pid)-serves).Seconds()*1000*by, "lab-ms-by-1000")
			for name, now := range v.metrics() {
				b.Logf("%s: %.0f ms", name, 1000*(now-parts[name]))
			}
		})
	}
}

// metrics are what a tab has spent, in seconds.
func (v view) metrics() map[string]float64 {
	v.t.Helper()
	spent := map[string]float64{}
	v.do(performance.Enable(), chromedp.ActionFunc(func(c context.Context) error {
		all, err := performance.GetMetrics().Do(c)
		for _, m := range all {
			if strings.HasSuffix(m.Name, "Duration") {
				spent[m.Name] = m.Value
			}
		}
		return err
	}))
	return spent
}

// family is a process with all that it began.
func family(b *testing.B, pid int) []int {
	b.Helper()
	list := []int{pid}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		for child := range strings.FieldsSeq(string(data)) {
			if n, err := strconv.Atoi(child); err == nil {
				list = append(list, family(b, n)...)
			}
		}
	}
	return list
}

// spent is the time of the processor that processes took.
func spent(b *testing.B, pids ...int) (sum time.Duration) {
	b.Helper()
	const tick = 10 * time.Millisecond // of Linux, on all machines
	for _, pid := range pids {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended
		}
		_, text, _ := strings.Cut(string(data), ") ")
		fields := strings.Fields(text)
		for _, f := range fields[11:13] { // user and system
			n, err := strconv.Atoi(f)
			if err != nil {
				b.Fatal(err)
			}
			sum += time.Duration(n) * tick
		}
	}
	return sum
}
