//go:build unix

package supervise

// bell wakes everyone who waits for its owner's next change; the owner's lock guards it.
type bell struct{ ringing chan struct{} }

// next is closed by the next ring.
func (b *bell) next() <-chan struct{} {
	if b.ringing == nil {
		b.ringing = make(chan struct{})
	}
	return b.ringing
}

func (b *bell) ring() {
	if b.ringing != nil {
		close(b.ringing)
		b.ringing = nil
	}
}
