package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// book serves the page of a real lab, and tells a story in place of the lab.
type book struct {
	*httptest.Server
	mu sync.Mutex
	*told
	again chan struct{} // closed when another story is told
}

func newBook(t *testing.T, l *lab) *book {
	t.Helper()
	target, err := url.Parse(l.page)
	if err != nil {
		t.Fatal(err)
	}
	b := &book{told: chain(), again: make(chan struct{})}
	page := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target) // with its host
		r.Out.Header.Del("Origin")
	}}
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.HandleFunc("/events", b.events)
	mux.HandleFunc("/api/why", func(w http.ResponseWriter, _ *http.Request) {
		s := b.get()
		answer(w, object{"request": s.requests[len(s.requests)-1], "words": s.words, "typed": "bin/lab why 0ad04a47-bad"})
	})
	mux.HandleFunc("/api/rules", func(w http.ResponseWriter, _ *http.Request) {
		s := b.get()
		if s.loaded == nil {
			s.loaded = object{"typed": "bin/lab routes --all", "routes": []any{}, "files": []any{}}
		}
		answer(w, s.loaded)
	})
	b.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		b.CloseClientConnections() // of tabs that look on
		b.Close()
	})
	return b
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (b *book) get() told {
	b.mu.Lock()
	defer b.mu.Unlock()
	return *b.told
}

// tell begins another story.
func (b *book) tell(s *told) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = s
	close(b.again)
	b.again = make(chan struct{})
}

func (b *book) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		b.mu.Lock()
		s, again := *b.told, b.again
		b.mu.Unlock()
		if s.gone == "cut" {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, "data: %s\n\n", text(s.snapshot(now())))
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-again:
		case <-r.Context().Done():
			return
		}
	}
}

// TestStories shows each state in light and dark, and has axe look at it.
func TestStories(t *testing.T) {
	ctx := chromium(t)
	b := newBook(t, start(t))
	axe := axeCore(t)
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			one := chain()
			s.edit(one)
			b.tell(one)
			tab, cancel := chromedp.NewContext(ctx)
			defer cancel()
			v := open(t, tab, b.URL+"/?lang=en&theme=light&motion=off", 1400, 1000)
			v.until(`document.getElementById('state').className != ''`, "document.body.innerText")
			if one.gone == "" {
				v.until(`document.getElementById('name').textContent != 'lab'`, "document.body.innerText")
			}
			if s.press != "" {
				v.do(chromedp.KeyEvent(s.press))
			}
			if s.enter != "" { // what is clicked may move on meanwhile
				v.do(chromedp.Focus(s.enter), chromedp.KeyEvent(kb.Enter))
			}
			v.until(s.holds, "document.body.innerText")
			v.fits()
			v.whole()
			v.picture(s.name + "-light")
			v.clean(axe, s.name+", light")
			v.do(chromedp.Evaluate(`document.documentElement.dataset.theme = 'dark'`, nil))
			v.picture(s.name + "-dark")
			v.clean(axe, s.name+", dark")
		})
	}
}

// fits is about pages that are wider than their window.
func (v view) fits() {
	v.t.Helper()
	if over := eval[int](v, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
		v.t.Errorf("the page is %d pixels wider than its window", over)
	}
}

// whole is about parts of the graph that are cut off, and labels that hide each other.
func (v view) whole() {
	v.t.Helper()
	if hidden := eval[bool](v, `document.getElementById('view-graph').hidden`); hidden {
		return
	}
	for _, cut := range eval[[]string](v, `(() => {
		const frame = document.querySelector('.stage svg').getBoundingClientRect();
		return [...document.querySelectorAll('.stage svg rect, .stage svg text')].filter((n) => {
			const b = n.getBoundingClientRect();
			return b.width > 0 && (b.left < frame.left - 1 || b.top < frame.top - 1 || b.right > frame.right + 1 || b.bottom > frame.bottom + 1);
		}).map((n) => n.textContent || n.parentElement.outerHTML);
	})()`) {
		v.t.Errorf("cut off: %s", cut)
	}
	for _, met := range eval[[]string](v, `(() => {
		const all = [...document.querySelectorAll('.stage svg text')].filter((n) => n.textContent && n.checkVisibility())
			.map((n) => [n.textContent, n.getBoundingClientRect()]);
		const meet = ([, a], [, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 4 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5;
		return all.flatMap((a, i) => all.slice(i + 1).filter((b) => meet(a, b)).map((b) => a[0] + ' | ' + b[0]));
	})()`) {
		v.t.Errorf("one text over another: %s", met)
	}
	for _, over := range eval[[]string](v, `(() => {
		const boxes = [...document.querySelectorAll('.nodes rect')].map((n) => n.getBoundingClientRect());
		const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
		return [...document.querySelectorAll(':is(.labels, .stops, .copies) text')]
			.filter((n) => n.textContent && n.checkVisibility() && boxes.some((b) => meet(n.getBoundingClientRect(), b))).map((n) => n.textContent);
	})()`) {
		v.t.Errorf("a text over a box: %s", over)
	}
}

// axeCore is the text of axe.
func axeCore(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(root + "/out/axe.min.js")
	if err != nil {
		t.Fatalf("%v\n`make out/axe.min.js` fetches it, or do without: E2E_WITHOUT=browser", err)
	}
	return string(data)
}

// clean has axe find nothing.
func (v view) clean(axe, where string) {
	v.t.Helper()
	v.do(chromedp.Evaluate(axe+"; 0", nil))
	found := eval[[]string](v, `axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((x) =>
		x.id + ': ' + x.help + ' ' + x.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')))`)
	for _, text := range found {
		v.t.Errorf("%s: axe: %s", where, text)
	}
}

// TestSizes shows the page on a telephone, on a wide screen and in a classroom, in both languages.
func TestSizes(t *testing.T) {
	ctx := chromium(t)
	b := newBook(t, start(t))
	axe := axeCore(t)
	one := chain()
	abort(one)
	marks(one)
	b.tell(one)
	for _, width := range []int64{360, 1280, 1920} {
		for _, lang := range []string{"en", "zh"} {
			for _, size := range []string{"usual", "large"} {
				t.Run(fmt.Sprint(width, lang, size), func(t *testing.T) {
					tab, cancel := chromedp.NewContext(ctx)
					defer cancel()
					v := open(t, tab, fmt.Sprintf("%s/?lang=%s&size=%s&motion=off&theme=light", b.URL, lang, size), width, 1080)
					v.until(`document.querySelectorAll('#answers li').length == 3`, "document.body.innerText")
					want := map[string]string{"en": "Answers", "zh": "回答"}[lang]
					if got := eval[string](v, `document.getElementById('tab-answers').textContent + document.documentElement.lang`); got != want+lang {
						t.Errorf("the tab is %q", got)
					}
					v.fits()
					v.whole()
					v.clean(axe, t.Name())
					v.picture(fmt.Sprintf("size-%d-%s-%s", width, lang, size))
				})
			}
		}
	}
}

// TestLost ends the stream, as a lab does that ends, and begins it again with another one.
func TestLost(t *testing.T) {
	ctx := chromium(t)
	b := newBook(t, start(t))
	axe := axeCore(t)
	v := open(t, ctx, b.URL+"/?lang=en&theme=light", 1400, 1000)
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
	b.tell(&told{gone: "cut"})
	v.until(`/The lab is gone.*bin.lab up starts it again/.test(document.getElementById('banner').textContent)`, "document.body.innerText")
	v.clean(axe, "lost")
	v.picture("lost")
	b.tell(chain())
	v.until(`document.getElementById('state').className == 'live' && document.getElementById('banner').hidden`, "document.body.innerText")
}

// TestPart has a part of a request come before the whole, which takes its place in the list.
func TestPart(t *testing.T) {
	ctx := chromium(t)
	b := newBook(t, start(t))
	v := open(t, ctx, b.URL+"/?lang=en", 1400, 1000)
	v.until(`document.getElementById('answers').children.length == 2`, "document.body.innerText")
	texts := `[...document.querySelectorAll('#answers .text')].map((e) => e.textContent).join('; ')`
	part, whole := chain(), chain()
	inner := call("preference", "recommendation-v1")
	part.requests = append(part.requests, request("0ad04a47-3", nil, inner))
	whole.requests = append(whole.requests, request("0ad04a47-3", nil, call("ingress", "customer"), call("customer", "preference"), inner))
	b.tell(part)
	v.until(texts+`.startsWith('recommendation-v1; ')`, texts)
	b.tell(whole)
	v.until(texts+`.startsWith('customer => preference => recommendation-v1; ')`, texts)
	v.until(`document.getElementById('answers').children.length == 3`, texts)
}

// TestRush has more requests come than anybody reads: the same rows tell of the latest few, and of one that
// went wrong among those before.
func TestRush(t *testing.T) {
	ctx := chromium(t)
	b := newBook(t, start(t))
	b.tell(rush("a", 20))
	v := open(t, ctx, b.URL+"/?lang=en", 1400, 1000)
	list := `document.getElementById('answers')`
	ids := `[...` + list + `.children].map((n) => n.dataset.id)`
	v.until(list+`.children.length == 8 && document.getElementById('held').textContent == 'The latest few, of about 250 a second.'`, ids)
	for _, turn := range []string{"b", "c"} {
		one := rush(turn, 20)
		one.requests[0]["cause"], one.requests[0]["failed"] = "injected abort", true
		b.tell(one)
		v.until(fmt.Sprintf(`%[1]s.join() == [19, 18, 17, 16, 15, 14, 13, 0].map((n) => '%[2]s-' + n).join()`, ids, turn), ids)
		v.until(list+`.children[7].querySelector('.icon .error') && `+list+`.querySelectorAll('.cause:not([hidden])').length == 1`, list+".outerHTML")
	}
}

// TestKeys walks through the page without a mouse: every control is reached, none is a trap, and each
// shows where the reader is.
func TestKeys(t *testing.T) {
	ctx := chromium(t)
	b := newBook(t, start(t))
	one := chain()
	abort(one)
	marks(one)
	b.tell(one)
	v := open(t, ctx, b.URL+"/?lang=en&theme=light&motion=off", 1400, 1000)
	v.until(`document.querySelectorAll('#answers li').length == 3`, "document.body.innerText")
	for _, tab := range []string{"a", "r", "s"} {
		v.do(chromedp.KeyEvent(tab), chromedp.Evaluate(`document.activeElement.blur()`, nil))
		v.walk()
	}
	v.do(chromedp.KeyEvent("g"), chromedp.KeyEvent(kb.ArrowRight))
	v.until(`document.activeElement.id == 'tab-table' && !document.getElementById('view-table').hidden`, "document.activeElement.id")
	v.do(chromedp.KeyEvent("e"))
	v.until(`document.activeElement.id == 'why-title'`, "document.activeElement.id")
	v.do(chromedp.KeyEvent(kb.Escape))
	v.until(`document.getElementById('why').hidden && document.activeElement != document.body`, "document.activeElement.outerHTML")
	v.do(chromedp.Focus("#look"), chromedp.KeyEvent(kb.ArrowLeft))
	v.until(`document.getElementById('state').className == 'back'`, "document.body.innerText")
	v.do(chromedp.KeyEvent("n"), chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent("n"))
	v.until(`document.getElementById('state').className == 'live'`, "document.body.innerText")
}

// walk presses Tab until the page's begin comes again, and expects each control that is shown.
func (v view) walk() {
	v.t.Helper()
	const controls = `[...document.querySelectorAll('button, select, input, textarea, a[href], [tabindex="0"]')]
		.filter((n) => n.tabIndex >= 0 && !n.disabled && n.checkVisibility())`
	v.do(chromedp.Evaluate(`window.reached = new Set(); scrollTo(0, 0)`, nil))
	want := eval[int](v, controls+".length")
	for range want + 10 {
		v.do(chromedp.KeyEvent(kb.Tab))
		outline := eval[string](v, `(() => {
			const n = document.activeElement;
			reached.add(n);
			return n == document.body || n == document.documentElement || getComputedStyle(n).outlineStyle != 'none' ? '' : n.outerHTML;
		})()`)
		if outline != "" {
			v.t.Errorf("it does not show where the reader is: %s", outline)
		}
	}
	missed := eval[[]string](v, controls+".filter((n) => !reached.has(n)).map((n) => n.outerHTML)")
	if len(missed) > 0 || want < 15 {
		v.t.Errorf("of %d controls, Tab does not reach %s", want, strings.Join(missed, "\n"))
	}
}
