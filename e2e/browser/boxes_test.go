package browser

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestBoxes measures all texts of each story, in windows from that of a telephone to a wide one, light and
// dark: none covers another, a box or a mark, none is cut, and the page is as wide as its window.
func TestBoxes(t *testing.T) {
	ctx := chromium(t)
	b := newBook(t, start(t))
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			one := chain()
			s.edit(one)
			b.tell(one)
			for _, lang := range []string{"en", "zh"} {
				s.boxes(t, ctx, b.URL+"/?motion=off&lang="+lang)
			}
		})
	}
}

func (s story) boxes(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	tab, cancel := chromedp.NewContext(ctx)
	defer cancel()
	v := open(t, tab, url, 1280, 1000)
	v.until(`document.getElementById('state').className != ''`, "document.body.innerText")
	if s.press != "" {
		v.until(`document.getElementById('name').textContent != 'lab'`, "document.body.innerText")
		v.do(chromedp.KeyEvent(s.press))
	}
	if s.enter != "" {
		v.do(chromedp.Focus(s.enter), chromedp.KeyEvent(kb.Enter))
	}
	for _, width := range []int64{360, 768, 1280, 1920} {
		for _, theme := range []string{"light", "dark"} {
			v.do(emulation.SetDeviceMetricsOverride(width, 1000, 1, false), evaluate(`(async () => {
				document.documentElement.dataset.theme = '`+theme+`';
				for (let i = 0; i < 4; i++) await new Promise((drawn) => requestAnimationFrame(drawn));
			})()`))
			for _, met := range eval[[]string](v, meetings) {
				t.Errorf("%s, %d pixels, %s: %s", url[len(url)-2:], width, theme, met)
			}
			v.fits()
		}
		v.picture(fmt.Sprintf("boxes-%s-%s-%d", s.name, url[len(url)-2:], width))
	}
}

// meetings are pairs of boxes that meet and must not: the ink of texts in the graph, as their letters are drawn;
// its nodes; the marks of the time line; and what is wider than the box that it stands in.
const meetings = `(() => {
	const pen = document.createElement('canvas').getContext('2d');
	const seen = (n) => n.textContent && n.checkVisibility();
	const ink = (n) => {
		const style = getComputedStyle(n);
		pen.font = style.fontWeight + ' ' + style.fontSize + ' ' + style.fontFamily;
		const m = pen.measureText(n.textContent);
		const begin = n.getStartPositionOfChar(0);
		const map = n.getScreenCTM();
		const base = new DOMPoint(begin.x, begin.y).matrixTransform(map).y;
		const b = n.getBoundingClientRect();
		return { of: n, left: b.left, right: b.right, top: base - m.actualBoundingBoxAscent * map.d, bottom: base + m.actualBoundingBoxDescent * map.d };
	};
	const box = (n) => {
		const { left, right, top, bottom } = n.getBoundingClientRect();
		return { of: n, left, right, top, bottom };
	};
	const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
	const text = (a) => a.of.textContent || a.of.parentElement.textContent;
	const among = (list) => list.flatMap((a, i) => list.slice(i + 1).filter((b) => meet(a, b)).map((b) => text(a) + ' | ' + text(b)));
	const graph = [...document.querySelectorAll('.stage svg text')].filter(seen).map(ink);
	const nodes = [...document.querySelectorAll('.stage .nodes rect')].filter((n) => n.checkVisibility()).map(box);
	const beside = graph.filter((a) => !a.of.closest('.nodes'));
	const frame = document.querySelector('.stage').getBoundingClientRect();
	return [
		...among(graph), ...among(nodes),
		...beside.filter((a) => !a.of.closest('.steps')).flatMap((a) => nodes.filter((b) => meet(a, b)).map((b) => text(a) + ' over the box ' + text(b))),
		...graph.filter((a) => a.left < frame.left - 0.5 || a.right > frame.right + 0.5).map((a) => 'cut off: ' + text(a)),
		...graph.filter((a) => a.of.closest('.nodes')).flatMap((a) => {
			const own = box(a.of.closest('.away > g, .nodes > g').querySelector('rect'));
			return a.left < own.left || a.right > own.right ? ['wider than its box: ' + text(a)] : [];
		}),
		...among([...document.querySelectorAll('.mark')].map(box)),
		...[...document.querySelectorAll('#rules *, #compare *, #why *, #answers *, .bar *, header *')]
			.filter((n) => n.checkVisibility() && !n.closest('.scroll, svg, .hidden, details pre, select') && n.scrollWidth > n.clientWidth + 1 && n.clientWidth > 0)
			.map((n) => 'cut off: ' + n.outerHTML.slice(0, 200)),
	];
})()`
