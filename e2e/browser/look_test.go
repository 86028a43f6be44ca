package browser

import (
	"testing"
	"os"
)

func TestLook(t *testing.T) {
	ctx := chromium(t)
	url := os.Getenv("LOOK")
	v := open(t, ctx, url, 1600, 1000)
	v.until("document.querySelectorAll('#answers li').length > 3", "document.body.innerText")
	v.picture("look")
}
