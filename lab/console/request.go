package console

import (
	"strings"
	"time"

	"istio-tutorial/lab/traffic"
)

// Request is what the page draws of a request.
type Request struct {
	traffic.Brief
	// Text is the answer itself, of requests that the page sent.
	Text  string `json:"text,omitempty"`
	Agent bool   `json:"sent,omitempty"` // the page sent it
}

// known adds what the page knows of a request that it sent itself.
func (c *Console) known(b traffic.Brief) Request {
	one := Request{Brief: b}
	one.Text, one.Agent = c.sender.text(b.Client, time.UnixMilli(b.At))
	return one
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
