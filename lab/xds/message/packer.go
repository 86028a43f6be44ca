// Package message has what Envoy's messages are made of, whatever they are about: messages within messages, numbers
// and times that may be missing, shares, headers, and where further configuration comes from.
package message

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Packer puts messages into others, and keeps what is wrong with all that is made. The zero Packer is ready; it is
// for one goroutine.
type Packer struct{ errs []error }

// Fail keeps a problem, `what: cause`, as fmt.Errorf has it.
func (p *Packer) Fail(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

// Pack is always the same for the same message: Envoy sees any difference as a change. It keeps why a message cannot
// be packed, as one with a text that is no UTF-8.
func (p *Packer) Pack(m proto.Message) *anypb.Any {
	packed := &anypb.Any{}
	if err := anypb.MarshalFrom(packed, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		p.errs = append(p.errs, err)
	}
	return packed
}

// Failures is how many problems there are so far.
func (p *Packer) Failures() int { return len(p.errs) }

// Err is all problems in one; nil if there are none.
func (p *Packer) Err() error { return errors.Join(p.errs...) }
