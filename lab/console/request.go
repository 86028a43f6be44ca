package console

import (
	"strings"

	"istio-tutorial/lab/traffic"
)

// Request is what the page draws of a request.
type Request struct {
	ID     string        `json:"id"`
	At     int64         `json:"at"` // when it began, in milliseconds
	Millis float64       `json:"ms"`
	Status int           `json:"status"`
	Cause  traffic.Cause `json:"cause"`
	Failed bool          `json:"failed"`
	Where  string        `json:"where"` // the workload that made the answer, or ingress
	Author string        `json:"author"`
	// Rule is the file and line of the one that decided.
	Rule string `json:"rule,omitempty"`
	// Text is the answer itself, of requests that the page sent.
	Text  string `json:"text,omitempty"`
	Agent bool   `json:"sent,omitempty"` // the page sent it
	Calls []Call `json:"calls"`          // each before those that it led to
}

// Call is what the page draws of a call.
type Call struct {
	From    string        `json:"from"`
	To      string        `json:"to"`
	Pod     string        `json:"pod,omitempty"`
	After   float64       `json:"after"` // milliseconds after the request began
	Millis  float64       `json:"ms"`
	Status  int           `json:"status"`
	Cause   traffic.Cause `json:"cause"`
	Failed  bool          `json:"failed"`
	By      traffic.Maker `json:"by"`
	Delayed float64       `json:"delayed,omitempty"` // milliseconds
	Tries   []Try         `json:"tries,omitempty"`   // if there were several
	Copies  []Try         `json:"copies,omitempty"`  // to whom it was mirrored
	// Identity is as whom it came to the server's proxy: "none" in plain text, "" where nobody asks.
	Identity string `json:"identity,omitempty"`
}

// Try is an attempt, or a copy.
type Try struct {
	To     string `json:"to"`
	Pod    string `json:"pod,omitempty"`
	Status int    `json:"status"`
}

// summary is what the page draws of a request.
func (c *Console) summary(r *traffic.Request) Request {
	one := Request{
		ID: r.ID, At: r.Began.UnixMilli(), Millis: r.Millis, Status: r.Status, Cause: r.Cause,
		Failed: r.Status/100 != 2 && r.Status/100 != 3, Where: r.At, Author: r.Author(),
	}
	if r.Rule != nil {
		one.Rule = r.Rule.Place()
	}
	one.Text, one.Agent = c.sender.text(r.Client, r.Began)
	for _, call := range r.All() {
		one.Calls = append(one.Calls, callOf(r, call))
	}
	return one
}

func callOf(r *traffic.Request, c *traffic.Call) Call {
	one := Call{
		From: c.From.Workload, To: c.To.Workload, Pod: c.To.Pod, Millis: c.Millis, Status: c.Status,
		After: float64(c.Began.Sub(r.Began).Microseconds()) / 1000,
		Cause: c.Cause, Failed: c.Cause.Failed(), By: c.By, Delayed: float64(c.Delayed.Milliseconds()),
		Copies: triesOf(c.Mirrors),
	}
	if n := len(c.Tries); n > 0 {
		one.Identity = c.Tries[n-1].Identity
	}
	if len(c.Tries) > 1 {
		one.Tries = triesOf(c.Tries)
	}
	return one
}

func triesOf(list []*traffic.Try) []Try {
	var tries []Try
	for _, t := range list {
		tries = append(tries, Try{To: t.To.Workload, Pod: t.To.Pod, Status: t.Status})
	}
	return tries
}

// firstLine is what of an answer stands in a list.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if r := []rune(line); len(r) > mostText {
		return string(r[:mostText-1]) + "…"
	}
	return line
}

const mostText = 200
