package traffic

import "istio-tutorial/lab/traffic/cause"

// Brief is what a picture draws of a request.
type Brief struct {
	ID     string      `json:"id"`
	At     int64       `json:"at"` // when it began, in milliseconds
	Millis float64     `json:"ms"`
	Status int         `json:"status"`
	Cause  cause.Cause `json:"cause"`
	Failed bool        `json:"failed"`
	Where  string      `json:"where"` // the workload that made the answer, or ingress
	Author string      `json:"author"`
	// Rule is the file and line of the one that decided.
	Rule string `json:"rule,omitempty"`
	// Client is the address that it came from.
	Client string      `json:"client,omitempty"`
	Calls  []BriefCall `json:"calls"` // each before those that it led to
}

// BriefCall is what a picture draws of a call.
type BriefCall struct {
	From    string      `json:"from"`
	To      string      `json:"to"`
	Pod     string      `json:"pod,omitempty"`
	After   float64     `json:"after"` // milliseconds after the request began
	Millis  float64     `json:"ms"`
	Status  int         `json:"status"`
	Cause   cause.Cause `json:"cause"`
	Failed  bool        `json:"failed"`
	By      Maker       `json:"by"`
	Delayed float64     `json:"delayed,omitempty"` // milliseconds
	Tries   []BriefTry  `json:"tries,omitempty"`   // if there were several
	Copies  []BriefTry  `json:"copies,omitempty"`  // to whom it was mirrored
	// Identity is as whom it came to the server's proxy: "none" in plain text, "" where nobody asks.
	Identity string `json:"identity,omitempty"`
}

// BriefTry is an attempt, or a copy.
type BriefTry struct {
	To     string `json:"to"`
	Pod    string `json:"pod,omitempty"`
	Status int    `json:"status"`
}

// Brief is what a picture draws of the request.
func (r *Request) Brief() Brief {
	one := Brief{
		ID: r.ID, At: r.Began.UnixMilli(), Millis: r.Millis, Status: r.Status, Cause: r.Cause,
		Failed: r.Status/100 != 2 && r.Status/100 != 3, Where: r.At, Author: r.Author(), Client: r.Client,
	}
	if r.Rule != nil {
		one.Rule = r.Rule.Place()
	}
	for _, call := range r.All() {
		one.Calls = append(one.Calls, call.brief(r))
	}
	return one
}

func (c *Call) brief(r *Request) BriefCall {
	one := BriefCall{
		From: c.From.Workload, To: c.To.Workload, Pod: c.To.Pod, Millis: c.Millis, Status: c.Status,
		After: float64(c.Began.Sub(r.Began).Microseconds()) / 1000,
		Cause: c.Cause, Failed: c.Cause.Failed(), By: c.By, Delayed: float64(c.Delayed.Milliseconds()),
		Copies: briefTries(c.Mirrors),
	}
	if n := len(c.Tries); n > 0 {
		one.Identity = c.Tries[n-1].Identity
	}
	if len(c.Tries) > 1 {
		one.Tries = briefTries(c.Tries)
	}
	return one
}

func briefTries(list []*Try) []BriefTry {
	var tries []BriefTry
	for _, t := range list {
		tries = append(tries, BriefTry{To: t.To.Workload, Pod: t.To.Pod, Status: t.Status})
	}
	return tries
}

// Briefs are those of the requests that are picked, the latest first.
func (s *Store) Briefs(q Query) []Brief {
	q.unexplained = true
	var list []Brief
	for _, r := range s.Requests(q) {
		list = append(list, r.Brief())
	}
	return list
}
