package browser

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// object is JSON.
type object = map[string]any

// story is a state of a lab, as the page is told of it, and what is to be seen then.
type story struct {
	name  string
	edit  func(*told)
	holds string // a condition in JavaScript
	press string // keys
	enter string // a selector of what is focused, and Enter pressed
}

// told is what a snapshot tells.
type told struct {
	rows     []object
	pods     []object
	requests []object
	marks    []object
	rules    []object
	sending  object
	copies   []object
	gone     string
	quiet    bool   // nothing came in the last ten seconds
	words    string // of why
	loaded   object // the rules' view
}

// now is the time of all stories, so that their pictures do not change.
func now() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) }

func row(from, to string, rate, share float64, causes map[string]int, more ...object) object {
	errors, bad, fine := 0, map[string]int{}, map[string]int{}
	for cause, n := range causes {
		if cause == "injected delay" || cause == "answered after a retry" {
			fine[cause] = n
			continue
		}
		bad[cause] = n
		errors += n
	}
	r := object{
		"from": from, "to": to, "requests": int(rate * 10), "rate": rate, "share": share, "p50": 2.1, "p95": 8.4,
		"errors": errors, "retries": 0, "causes": bad, "fine": fine,
	}
	for _, m := range more {
		maps.Copy(r, m)
	}
	return r
}

func pod(workload, name string, more ...object) object {
	p := object{"workload": workload, "name": workload + "-" + name, "status": "Running", "ready": true}
	for _, m := range more {
		maps.Copy(p, m)
	}
	return p
}

func call(from, to string, more ...object) object {
	c := object{"from": from, "to": to, "pod": to + "-1", "after": 0.5, "ms": 3.2, "status": 200, "cause": "answered", "failed": false, "by": "program"}
	for _, m := range more {
		maps.Copy(c, m)
	}
	return c
}

// failed is how a call ended that did not end well.
func failed(status int, cause, by string) object {
	return object{"status": status, "cause": cause, "by": by, "failed": true}
}

func request(id string, more object, calls ...object) object {
	r := object{
		"id": id, "at": now().Add(-time.Second).UnixMilli(), "ms": 7.2, "status": 200, "cause": "answered", "failed": false,
		"where": "recommendation-v1", "author": "program of recommendation-v1", "calls": calls,
	}
	maps.Copy(r, more)
	return r
}

const poll = "customer => preference => recommendation v1 from 'recommendation-v1-66f8b9c97-swbnr': 7"

// chain is a lab whose two versions answer in turn.
func chain() *told {
	return &told{
		rows: []object{
			row("ingress", "customer", 9.8, 100, nil), row("customer", "preference", 9.8, 100, nil),
			row("preference", "recommendation-v1", 4.9, 50, nil), row("preference", "recommendation-v2", 4.9, 50, nil),
		},
		pods: []object{
			pod("customer", "5878756bd6-jbrsg"), pod("preference", "645686cbb-kvvwv"),
			pod("recommendation-v1", "66f8b9c97-swbnr"), pod("recommendation-v2", "99b5f4f6d-92m8q"),
		},
		requests: []object{
			request("0ad04a47-1", object{"text": poll, "sent": true}, call("ingress", "customer"), call("customer", "preference"), call("preference", "recommendation-v1")),
			request("0ad04a47-2", object{"where": "recommendation-v2"}, call("ingress", "customer"), call("customer", "preference"), call("preference", "recommendation-v2")),
		},
	}
}

// bad adds the latest request, which did not end well.
func (s *told) bad(status int, cause, by, where string, last object) {
	s.requests = append(s.requests, request("0ad04a47-bad", object{
		"status": status, "cause": cause, "failed": true, "where": where, "author": by + " of " + where,
		"rule": "istiofiles/rule.yml:16",
	}, call("ingress", "customer", failed(status, "error passed on", "program")),
		call("customer", "preference", failed(status, "error passed on", "program")), last))
}

// snapshot is what the page gets.
func (s *told) snapshot(at time.Time) object {
	if s.gone != "" {
		return object{"gone": s.gone}
	}
	table := func(span string, ago time.Duration) object {
		rows := list(s.rows)
		if s.quiet && span == "10s" {
			rows = []object{}
		}
		return object{"span": span, "from": at.Add(-ago), "to": at, "rows": rows, "pods": list(s.pods), "copies": list(s.copies), "dropped": 0}
	}
	return object{
		"at":  at.UnixMilli(),
		"lab": object{"name": "tutorial", "ingress": "http://127.0.0.1:8280", "edition": "classic", "started": now().Add(-time.Hour).UnixMilli(), "typed": "bin/lab"},
		"tables": object{
			"10s": table("10s", 10*time.Second), "1m": table("1m", time.Minute), "change": table("change", 40*time.Second),
		},
		"history": s.history(at), "rules": list(s.rules), "requests": list(s.requests), "sending": s.sending,
	}
}

func list(l []object) []object { return append([]object{}, l...) }

func (s *told) history(at time.Time) object {
	const kept = 300
	var lines []object
	for _, r := range s.rows {
		requests, errors := make([]int, kept), make([]int, kept)
		for i := 120; i < kept; i++ {
			requests[i] = int(r["rate"].(float64)) + i%4
			errors[i] = r["errors"].(int) / 10
		}
		lines = append(lines, object{"from": r["from"], "to": r["to"], "requests": requests, "errors": errors})
	}
	return object{"began": now().Add(-time.Hour), "first": at.Unix() - kept + 1, "lines": list(lines), "marks": list(s.marks)}
}

func rule(kind, name string) object {
	return object{"kind": kind, "namespace": "istio-tutorial", "name": name, "resource": "x", "file": "istiofiles/" + name + ".yml", "revision": 13}
}

func mark(ago time.Duration, what string, r object) object {
	return object{"at": now().Add(-ago), what: []object{r}}
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(data)
}

// stories are the states that a page may show.
func stories() []story {
	return append(lessons(), []story{
		{name: "chain", edit: func(*told) {}, holds: `document.querySelectorAll('.nodes > g').length == 5 && document.querySelector('.rate').textContent == '9.8/s'`},
		{name: "starting", edit: func(s *told) { s.gone = "the lab is still starting" }, holds: `document.getElementById('state').className == 'starting'`},
		{name: "empty", edit: func(s *told) { s.rows, s.requests = nil, nil }, holds: `/No request in this window/.test(document.getElementById('graph-empty').textContent) && /No request has passed/.test(document.getElementById('answers-empty').textContent)`},
		{name: "abort", edit: abort, holds: `/injected abort 4.9\/s/.test(document.querySelector('.stops').textContent)`},
		{name: "why", edit: abort, press: "e", holds: `/injected abort: the sidecar/.test(document.querySelector('#why pre').textContent) && document.querySelectorAll('.steps g').length == 3`},
		{name: "delay", edit: delay, holds: `document.querySelector('#answers .cause.slow')`},
		{name: "all-ejected", edit: allEjected, holds: `document.querySelectorAll('.away > g').length == 3`},
		{name: "ejected", edit: ejected, holds: `/ejected by preferenceback in 12 s/.test(document.querySelector('.away').parentElement.parentElement.textContent)`},
		{name: "circuit", edit: circuit, holds: `/circuit full/.test(document.querySelector('.stops').textContent) && document.querySelector('.stops .bars')`},
		{name: "gate", edit: gate, holds: `!document.querySelector('.gate:not([hidden])').hidden && /circuit full ×20/.test(document.querySelector('.gate:not([hidden])').textContent)`},
		{name: "retry", edit: retry, holds: `/12 tries more/.test(document.querySelector('.loop:not([hidden])').textContent) && /3 errorsprogram's own error/.test(document.querySelector('.labels').textContent)`},
		{name: "retry-table", edit: retry, press: "t", holds: `[...document.querySelectorAll('#table td')].some((n) => n.textContent == "3 program's own error (fine: 12 answered after a retry)")`},
		{name: "mirror", edit: mirror, holds: `document.querySelectorAll('.copies path').length == 1 && /4.9\/s.*7 of them failed/.test(document.querySelector('.copies').textContent)`},
		{name: "denial", edit: denial, holds: `document.querySelector('#answers .cause.denied')`},
		{name: "outside", edit: outside, holds: `document.querySelectorAll('.nodes .outside').length == 1`},
		{name: "crowd", edit: crowd, holds: `/2 more/.test(document.querySelector('.pods').parentElement.parentElement.textContent)`},
		{name: "marks", edit: marks, holds: `document.querySelectorAll('.mark').length == 2`},
		{name: "compare", edit: marks, enter: ".mark", holds: `document.querySelectorAll('#compare tbody tr').length == 4 && /came: RouteRule recommendation-v2/.test(document.getElementById('compare').textContent)`},
		{name: "table", edit: abort, press: "t", holds: `!document.getElementById('view-table').hidden && document.querySelectorAll('#table tbody tr').length == 9`},
		{name: "rules", edit: rules, press: "r", holds: `document.querySelectorAll('#rules details').length == 1 && [...document.querySelectorAll('#rules .routes b')].map((n) => n.textContent).join() == 'for-safari,recommendation-503'
			&& [...document.querySelectorAll('#rules .routes .from dd')].map((n) => n.textContent).join(';') == 'preference;customer, ingress, preference, recommendation'`},
		{name: "sending", edit: func(s *told) { s.sending = object{"rate": 5, "atOnce": 10, "done": 42, "on": true} }, press: "s", holds: `/Sending 5 a second: 42/.test(document.getElementById('sending').textContent)`},
		{name: "keys", edit: func(*told) {}, press: "?", holds: `document.getElementById('keys').open`},
		{name: "paused", edit: func(*told) {}, press: "p", holds: `document.getElementById('state').textContent == 'paused'`},
	}...)
}

func abort(s *told) {
	s.rows = []object{
		row("ingress", "customer", 9.8, 100, map[string]int{"error passed on": 49}), row("customer", "preference", 9.8, 100, map[string]int{"error passed on": 49}),
		row("preference", "recommendation", 4.9, 50, map[string]int{"injected abort": 49}),
		row("preference", "recommendation-v1", 2.5, 25, nil), row("preference", "recommendation-v2", 2.4, 25, nil),
	}
	s.bad(503, "injected abort", "sidecar", "preference", call("preference", "recommendation", failed(503, "injected abort", "caller's sidecar")))
	s.words = `GET localhost:8280/ => 503 in 9.6 ms, at 10:39:10.506

injected abort: the sidecar of preference answered in place of recommendation
with 503: a rule injects an abort into 50 % of the calls.

ingress -> customer                    503   9.6 ms  error passed on
  customer -> preference               503   7.4 ms  error passed on
    preference -> recommendation       503   0.2 ms  injected abort (FI)
      by RouteRule recommendation-503

Rule: RouteRule istio-tutorial/recommendation-503, revision 13
istiofiles/route-rule-recommendation-503.yml:16
  abort:
    percent: 50
    httpStatus: 503
`
}

func delay(s *told) {
	s.rows[2] = row("preference", "recommendation-v1", 4.9, 50, map[string]int{"injected delay": 24}, object{"p95": 7004.0})
	s.requests = append(s.requests, request("0ad04a47-slow", object{"cause": "injected delay", "ms": 7012.0},
		call("ingress", "customer"), call("customer", "preference"), call("preference", "recommendation-v1", object{"cause": "injected delay", "delayed": 7000})))
}

func ejected(s *told) {
	s.pods = append(s.pods, pod("recommendation-v2", "99b5f4f6d-bad01", object{"ejected": []string{"preference"}, "until": now().Add(12 * time.Second)}))
}

// allEjected has more pods apart than one, in the last row too.
func allEjected(s *told) {
	ejected(s)
	for _, n := range []int{3, 2} {
		s.pods[n]["ejected"], s.pods[n]["until"] = []string{"preference"}, now().Add(12*time.Second)
	}
}

func circuit(s *told) {
	s.rows = append(s.rows[:3:3], row("preference", "recommendation v2", 3.1, 40, map[string]int{"circuit full": 31}))
	s.bad(503, "circuit full", "sidecar", "preference", call("preference", "recommendation v2", failed(503, "circuit full", "caller's sidecar")))
}

func gate(s *told) {
	s.rows[3] = row("preference", "recommendation-v2", 4.9, 50, map[string]int{"circuit full": 20})
}

func retry(s *told) {
	s.rows[3] = row("preference", "recommendation-v2", 4.9, 50, map[string]int{"answered after a retry": 12, "program's own error": 3}, object{"retries": 12})
	tries := []object{{"to": "recommendation-v2", "pod": "recommendation-v2-bad", "status": 503}, {"to": "recommendation-v2", "status": 200}}
	s.requests = append(s.requests, request("0ad04a47-again", object{"cause": "answered after a retry"}, call("ingress", "customer"),
		call("customer", "preference"), call("preference", "recommendation-v2", object{"cause": "answered after a retry", "tries": tries})))
}

func mirror(s *told) {
	s.rows = s.rows[:3]
	s.copies = []object{{"from": "preference", "to": "recommendation-v2", "requests": 49, "failed": 7, "rate": 4.9}}
	copies := []object{{"to": "recommendation-v2", "status": 200}}
	s.requests = append(s.requests, request("0ad04a47-copy", object{}, call("ingress", "customer"), call("customer", "preference"),
		call("preference", "recommendation-v1", object{"copies": copies})))
}

func denial(s *told) {
	s.rows[1] = row("customer", "preference", 9.8, 100, map[string]int{"denied by a policy": 98})
	s.rows = s.rows[:2]
	s.requests = append(s.requests, request("0ad04a47-no", object{"status": 403, "cause": "denied by a policy", "failed": true, "where": "preference", "author": "sidecar of preference"},
		call("ingress", "customer", failed(403, "error passed on", "program")), call("customer", "preference", failed(403, "denied by a policy", "callee's sidecar"))))
}

func outside(s *told) {
	s.rows = append(s.rows, row("recommendation-v1", "httpbin.org", 1.2, 100, nil))
	s.requests = append(s.requests, request("0ad04a47-out", object{"where": "httpbin.org"}, call("recommendation-v1", "httpbin.org")))
}

func crowd(s *told) {
	for i := range 3 {
		s.pods = append(s.pods, pod("recommendation-v2", fmt.Sprintf("99b5f4f6d-more%d", i), object{"ready": i > 0}))
	}
	s.pods = append(s.pods, pod("recommendation-v2", "99b5f4f6d-more4"))
	s.rows[0] = row("ingress", "customer", 240, 100, nil)
}

// rush is a chain with n requests of 250 a second.
func rush(name string, n int) *told {
	s := chain()
	s.rows[0], s.rows[1] = row("ingress", "customer", 250, 100, nil), row("customer", "preference", 250, 100, nil)
	one := s.requests[1]
	s.requests = nil
	for i := range n {
		r := maps.Clone(one)
		r["id"] = fmt.Sprintf("%s-%d", name, i)
		s.requests = append(s.requests, r)
	}
	return s
}

func marks(s *told) {
	s.marks = []object{mark(150*time.Second, "came", rule("RouteRule", "recommendation-v2")), mark(60*time.Second, "went", rule("RouteRule", "recommendation-v2"))}
}

// callsOf are what rules make of the calls of one workload; more of them are of the same shape.
func callsOf(from string, more ...string) object {
	routes := [][]string{{"RULE", "MATCH", "TO", "TIMEOUT", "RETRIES", "MIRROR", "FAULTS"}}
	for _, name := range append(more, "recommendation-503") {
		routes = append(routes, []string{name, "all", "recommendation", "none", "none", "none", "50% get 503"})
	}
	return object{
		"from": from, "to": "recommendation", "ruled": true, "routes": routes,
		"clusters": [][]string{{"CLUSTER", "PODS", "BALANCE", "LIMITS", "OUTLIERS", "POLICY"}, {"recommendation", "2/2", "round robin", "none", "none", "default"}},
	}
}

func rules(s *told) {
	s.rules = []object{rule("RouteRule", "recommendation-503")}
	file := maps.Clone(s.rules[0])
	file["yaml"] = "kind: RouteRule\nspec:\n  httpFault:\n    abort:\n      percent: 50\n"
	s.loaded = object{
		"typed": "bin/lab routes --all", "files": []object{file},
		"warnings": []string{"recommendation-v2: never acts: recommendation-503 takes all calls"},
		"routes":   []object{callsOf("customer"), callsOf("ingress"), callsOf("preference", "for-safari"), callsOf("recommendation")},
	}
}
