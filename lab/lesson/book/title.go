package book

import (
	"maps"
	"slices"

	"istio-tutorial/lab/lesson/words"
)

// Title is a check in a few words.
func (c *Check) Title() words.Phrase {
	if c.Send == 0 {
		a := c.WaitFor[0]
		return words.Put(words.WaitingFor, a.Of, a.phrase())
	}
	title := words.Put(words.Requests, c.Send)
	if c.From != "" {
		title = words.Put(words.FromTo, title, c.From, c.To)
	}
	if c.AtOnce > 1 {
		title = words.Put(words.AtOnce, title, c.AtOnce)
	}
	if c.TLS != nil {
		title = words.Put(words.With, title, "TLS", c.TLS.Host)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		title = words.Put(words.With, title, name, c.Headers[name])
	}
	return title
}
