package chain

import (
	"bytes"
	"sync"
)

// output keeps what a process writes.
type output struct {
	mu     sync.Mutex
	text   bytes.Buffer
	silent bool
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.silent {
		return len(b), nil
	}
	return o.text.Write(b)
}

// String returns all that was written.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) silence() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.silent = true
}
