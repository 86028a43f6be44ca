package browser

import (
	"fmt"
	"sync"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// listen has the test fail for what the page complains of: errors, and what its policy forbids.
func listen(v view) {
	var mu sync.Mutex
	var said []string
	add := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, text)
	}
	chromedp.ListenTarget(v.Context, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			add(e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError || e.Type == runtime.APITypeAssert {
				add(fmt.Sprint("console: ", string(e.Args[0].Value), e.Args[0].Description))
			}
		}
	})
	v.t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for i, text := range said {
			if i == 3 {
				v.t.Errorf("and %d more", len(said)-i)
				break
			}
			v.t.Errorf("the page: %s", text)
		}
	})
}

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
