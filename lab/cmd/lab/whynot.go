package main

import (
	"fmt"
	"io"

	"istio-tutorial/lab/traffic"
)

// writeNot tells what kept a request from a version, a subset or a workload.
func writeNot(w io.Writer, r *traffic.Request, of string, typed func(verb string) string) {
	p := whyPrinter{w: w}
	p.line("%s %s%s => %s, at %s", r.Method, r.Host, r.Path, status(r.Status), r.Began.Local().Format("15:04:05.000"))
	reasons := r.Not(of)
	if len(reasons) == 0 {
		p.line("It did reach %s.", of)
		return
	}
	p.line("What kept it from %s:", of)
	for _, text := range reasons {
		p.text("  ", text, 3)
	}
	fmt.Fprintln(w)
	p.line("More: %s", typed("why "+r.ID))
}
