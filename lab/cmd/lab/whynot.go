package main

import (
	"fmt"

	"istio-tutorial/lab/traffic"
)

// not tells what kept a request from a version, a subset or a workload.
func (p whyPrinter) not(r *traffic.Request, of string) {
	p.line("%s", p.say(fmt.Sprintf("%s => %s, at %s", asked(r), p.say(status(r.Status)), r.Began.Local().Format("15:04:05.000"))))
	reasons := r.Not(of)
	if len(reasons) == 0 {
		p.line("%s", p.say(fmt.Sprintf("It did reach %s.", of)))
		return
	}
	p.line("%s", p.say(fmt.Sprintf("What kept it from %s:", of)))
	for _, text := range reasons {
		p.whole("  ", p.say(text))
	}
	p.line("")
	p.command("More:", p.typed("why "+r.ID))
}
