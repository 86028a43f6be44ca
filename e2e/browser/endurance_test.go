package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// BenchmarkEndurance has 500 requests a second come for ten minutes, or for ENDURANCE, while the page is
// open, and compares the memory of the lab and of the page at the end with that after two tenths.
func BenchmarkEndurance(b *testing.B) {
	whole := 10 * time.Minute
	if text := os.Getenv("ENDURANCE"); text != "" {
		var err error
		if whole, err = time.ParseDuration(text); err != nil {
			b.Fatalf("ENDURANCE: %v", err)
		}
	}
	ctx := chromium(b)
	l := start(b)
	v := open(b, ctx, l.page+"/?lang=en", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	begun := time.Now()
	var sent sync.WaitGroup
	answered := 0
	sent.Go(func() { answered = paced(b, l.url, 500, whole) })
	tenth := whole / 10
	b.Logf("until %v: %d MB", tenth, l.memory(tenth)>>20) // it grows to its size
	early, heapEarly := l.memory(tenth), v.heap()
	l.memory(whole - tenth - time.Since(begun))
	late, heapLate := l.memory(tenth), v.heap()
	sent.Wait()
	b.Logf("%d MB, then %d MB; the page %.1f MB, then %.1f MB", early>>20, late>>20, heapEarly/1e6, heapLate/1e6)
	b.ReportMetric(float64(answered)/time.Since(begun).Seconds(), "answers-a-second")
	report(b, float64(late)/float64(early), "of-lab-memory", 1.1)
	report(b, heapLate/heapEarly, "of-page-heap", 1.1)
	report(b, float64(l.dropped()), "dropped-entries", 0)
}

// paced asks so many times a second, unless too many answers are still to come, and returns how many came.
func paced(b *testing.B, url string, rate int, length time.Duration) (answered int) {
	b.Helper()
	const most = 64
	turns := make(chan struct{}, most)
	var mu sync.Mutex
	var asked sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: most}}
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); <-tick.C {
		turns <- struct{}{}
		asked.Go(func() {
			defer func() { <-turns }()
			res, err := client.Get(url)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			answered++
		})
	}
	asked.Wait()
	return answered
}

// memory is the middle of what the lab's process has in memory, in bytes, over a time.
func (l *lab) memory(over time.Duration) int {
	l.t.Helper()
	var sizes []int
	tick := time.NewTicker(max(over/60, 50*time.Millisecond))
	defer tick.Stop()
	for end := time.Now().Add(over); len(sizes) == 0 || time.Now().Before(end); <-tick.C {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.cmd.Process.Pid))
		if err != nil {
			l.t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(data), "VmRSS:")
		text, _, _ = strings.Cut(text, "kB")
		kB, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			l.t.Fatal(err)
		}
		sizes = append(sizes, kB<<10)
	}
	slices.Sort(sizes)
	return sizes[len(sizes)/2]
}

// heap is what the page holds on to, in bytes.
func (v view) heap() (used float64) {
	v.t.Helper()
	v.do(heapprofiler.CollectGarbage(), chromedp.ActionFunc(func(c context.Context) (err error) {
		used, _, _, _, err = runtime.GetHeapUsage().Do(c)
		return err
	}))
	return used
}

// dropped is how many lines of the log the lab did not read.
func (l *lab) dropped() int {
	l.t.Helper()
	var table struct{ Dropped int }
	if err := json.Unmarshal([]byte(l.run("top", "-o", "json")), &table); err != nil {
		l.t.Fatal(err)
	}
	return table.Dropped
}
