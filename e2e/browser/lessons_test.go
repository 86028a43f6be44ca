package browser

import (
	"fmt"
	"time"
)

// lessons are the stories of the lessons whose graph has most to say, and of what a reader has after them.
func lessons() []story {
	return []story{
		{name: "lesson-6", edit: lesson6, holds: `/140 tries more/.test(document.querySelector('.loop:not([hidden])').textContent)`},
		{name: "lesson-14", edit: lesson14, holds: `/circuit full ×260/.test(document.querySelector('.gate:not([hidden])').textContent)`},
		{name: "lesson-15", edit: lesson15, holds: `document.querySelectorAll('.away > g').length == 1 && /2 more/.test(document.querySelector('.nodes').textContent) == false`},
		{name: "lesson-15-why", edit: lesson15, press: "e", holds: `document.querySelectorAll('#why pre i').length > 3`},
		{name: "quiet", edit: func(s *told) { s.quiet = true }, holds: `document.querySelectorAll('.rate').length == 4 && document.getElementById('graph-empty').hidden
			&& document.getElementById('window').value == '1m' && /last minute/.test(document.getElementById('graph-window').textContent)
			&& document.querySelector('#typed-graph code').textContent == 'bin/lab graph --window 1m'
			&& document.querySelector('#typed-table code').textContent == 'bin/lab top --window 1m'`},
		{name: "many-marks", edit: manyMarks, holds: `[...document.querySelectorAll('.mark')].map((n) => n.textContent).join() == '+,12,−'`},
		{name: "many-marks-open", edit: manyMarks, enter: ".mark:nth-child(2)", holds: `document.querySelectorAll('#compare li button').length == 12 && document.querySelectorAll('#compare tbody tr').length == 4
			&& document.querySelector('.mark:nth-child(2)').getAttribute('aria-pressed') == 'true'`},
	}
}

func lesson6(s *told) {
	s.rows[2] = row("preference", "recommendation-v1", 23.8, 50, nil)
	s.rows[3] = row("preference", "recommendation-v2", 23.7, 50, map[string]int{"answered after a retry": 140, "program's own error": 12},
		object{"retries": 140, "p95": 2034.0})
}

func lesson14(s *told) {
	s.rows[0] = row("ingress", "customer", 39.8, 100, map[string]int{"error passed on": 260}, object{"p95": 3004.0})
	s.rows[1] = row("customer", "preference", 39.8, 100, map[string]int{"error passed on": 260}, object{"p95": 3002.0})
	s.rows[3] = row("preference", "recommendation-v2", 19.8, 50, map[string]int{"circuit full": 260, "timeout": 3}, object{"p95": 3001.0})
	s.rows = append(s.rows, row("preference", "recommendation", 5.1, 12, map[string]int{"circuit full": 51}))
	s.bad(503, "circuit full", "sidecar", "preference", call("preference", "recommendation-v2", failed(503, "circuit full", "caller's sidecar")))
}

func lesson15(s *told) {
	s.rows[3] = row("preference", "recommendation-v2", 4.9, 50, map[string]int{"program's own error": 20, "answered after a retry": 9}, object{"retries": 9})
	ejected(s)
	s.pods = append(s.pods, pod("recommendation-v2", "99b5f4f6d-x2kjq"))
	s.bad(503, "program's own error", "program", "recommendation-v2", call("preference", "recommendation-v2", failed(503, "program's own error", "program")))
	s.words = `GET localhost:8280/ => 503 in 9.6 ms, at 10:39:10.506

program's own error: recommendation v2 (recommendation-v2-99b5f4f6d-bad01) answered
with 503.

ingress -> customer                    503   9.6 ms  error passed on
  customer -> preference               503   7.4 ms  error passed on
    preference -> recommendation-v2    503   0.2 ms  program's own error
      try 1: 10.0.0.5:8080 recommendation-v2-99b5f4f6d-bad01   503   0.1 ms
`
}

// manyMarks has a lesson's many changes within a minute, and one long before and one after.
func manyMarks(s *told) {
	s.marks = []object{mark(250*time.Second, "came", rule("RouteRule", "recommendation-v2"))}
	for i := range 12 {
		what := []string{"came", "went"}[i%2]
		s.marks = append(s.marks, mark(time.Duration(150-4*i)*time.Second, what, rule("RouteRule", fmt.Sprintf("recommendation-%d", i/2))))
	}
	s.marks = append(s.marks, mark(20*time.Second, "went", rule("RouteRule", "recommendation-v2")))
}
