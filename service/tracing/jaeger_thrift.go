package tracing

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
	gen "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// batch is jaeger.thrift's Batch in thrift's binary protocol, written span by span.
type batch struct {
	thrift []byte
	count  int // where the number of spans stands
	spans  int
}

// maxText bounds names and the values of tags, in bytes: Jaeger's client cuts them there.
const maxText = 256

// headOf returns what a batch has before its spans: the process, with its tags, and the list's
// begin, but for the number of spans.
func headOf(s *jaeger.Span) []byte {
	memory := thrift.NewTMemoryBuffer() // which takes everything
	b := gen.Batch{Process: jaeger.BuildJaegerProcessThrift(s)}
	_ = b.Write(context.Background(), thrift.NewTBinaryProtocolConf(memory, nil))
	const number, stop = 4, 1
	return memory.Bytes()[:memory.Len()-number-stop]
}

func (b *batch) begin(head []byte) {
	b.thrift = append(b.thrift[:0], head...)
	b.spans, b.count = 0, len(head)
	b.thrift = append(b.thrift, 0, 0, 0, 0)
}

// end completes the batch and returns it.
func (b *batch) end() []byte {
	binary.BigEndian.PutUint32(b.thrift[b.count:], uint32(b.spans))
	b.thrift = append(b.thrift, thrift.STOP)
	return b.thrift
}

// add writes the span. It leaves out the references: Jaeger makes them of the parent's id,
// and the services' spans have no other. Nor have they logs.
func (b *batch) add(s *jaeger.Span) {
	b.spans++
	c := s.SpanContext()
	b.long(1, c.TraceID().Low)
	b.long(2, c.TraceID().High)
	b.long(3, uint64(c.SpanID()))
	b.long(4, uint64(c.ParentID()))
	b.text(5, s.OperationName())
	b.int(7, uint32(c.Flags()))
	b.long(8, uint64(s.StartTime().UnixMicro()))
	b.long(9, uint64(s.Duration()/time.Microsecond))
	tags := s.Tags()
	b.field(thrift.LIST, 10)
	b.thrift = append(b.thrift, thrift.STRUCT)
	b.thrift = binary.BigEndian.AppendUint32(b.thrift, uint32(len(tags)))
	for key, value := range tags {
		b.tag(key, value)
	}
	b.thrift = append(b.thrift, thrift.STOP)
}

func (b *batch) tag(key string, value any) {
	b.text(1, key)
	switch v := value.(type) {
	case string:
		b.int(2, uint32(gen.TagType_STRING))
		b.text(3, v)
	case float64:
		b.int(2, uint32(gen.TagType_DOUBLE))
		b.field(thrift.DOUBLE, 4)
		b.thrift = binary.BigEndian.AppendUint64(b.thrift, math.Float64bits(v))
	case bool:
		b.int(2, uint32(gen.TagType_BOOL))
		b.field(thrift.BOOL, 5)
		b.thrift = append(b.thrift, map[bool]byte{true: 1}[v])
	case uint16:
		b.int(2, uint32(gen.TagType_LONG))
		b.long(6, uint64(v))
	default:
		b.int(2, uint32(gen.TagType_STRING))
		b.text(3, fmt.Sprint(v))
	}
	b.thrift = append(b.thrift, thrift.STOP)
}

func (b *batch) field(kind byte, id byte) { b.thrift = append(b.thrift, kind, 0, id) }

func (b *batch) int(id byte, v uint32) {
	b.field(thrift.I32, id)
	b.thrift = binary.BigEndian.AppendUint32(b.thrift, v)
}

func (b *batch) long(id byte, v uint64) {
	b.field(thrift.I64, id)
	b.thrift = binary.BigEndian.AppendUint64(b.thrift, v)
}

func (b *batch) text(id byte, s string) {
	s = s[:min(len(s), maxText)]
	b.field(thrift.STRING, id)
	b.thrift = binary.BigEndian.AppendUint32(b.thrift, uint32(len(s)))
	b.thrift = append(b.thrift, s...)
}
