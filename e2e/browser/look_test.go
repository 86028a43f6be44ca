package browser

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestLook(t *testing.T) {
	ctx := chromium(t)
	url := os.Getenv("LOOK")
	v := open(t, ctx, url, 1600, 1000)
	v.until("document.querySelectorAll('#answers li').length > 8", "document.body.innerText")
	v.do(chromedp.Evaluate(os.Getenv("JS"), nil))
	v.until(os.Getenv("UNTIL"), "document.body.innerText")
	v.picture("look")
}
