package main

import (
	"context"
	"io"
	"sync"
)

// printed is what a verb prints. It keeps the first error, so that no verb ends well that could not
// print, as with a full disk; and cancels what would go on.
type printed struct {
	to     io.Writer
	cancel context.CancelFunc
	mu     sync.Mutex
	lost   error
}

func (p *printed) Write(text []byte) (int, error) {
	n, err := p.to.Write(text)
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.lost == nil {
			p.lost = err
		}
		p.cancel()
	}
	return n, err
}

// err is why something could not be printed, or nil.
func (p *printed) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}
