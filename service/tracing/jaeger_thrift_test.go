package tracing

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
	gen "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// kept is a reporter that keeps spans, and makes of each what the client would send.
type kept struct {
	batch   batch
	want    []*gen.Span
	process *gen.Process
}

func (k *kept) Report(s *jaeger.Span) {
	if k.process == nil {
		k.process = jaeger.BuildJaegerProcessThrift(s)
		k.batch.begin(headOf(s))
	}
	k.batch.add(s)
	k.want = append(k.want, jaeger.BuildJaegerThrift(s))
}

func (*kept) Close() {}

// The client's own code reads what is written here, and writes what is wanted.
func TestBatch(t *testing.T) {
	t.Parallel()
	k := &kept{}
	sampler, err := jaeger.NewProbabilisticSampler(1)
	if err != nil {
		t.Fatal(err)
	}
	tracer, closer := jaeger.NewTracer("customer", sampler, k,
		jaeger.TracerOptions.Gen128Bit(true), jaeger.TracerOptions.Tag("zone", "z-east"))
	defer closer.Close()
	for range 2 { // the second time into the same memory
		k.want = nil
		if k.process != nil {
			k.batch.begin(headOf(tracer.StartSpan("head").(*jaeger.Span)))
		}
		root := tracer.StartSpan("GET /")
		child := tracer.StartSpan("GET preference", opentracing.ChildOf(root.Context()),
			tags{"peer.service": "preference", "http.url": "é" + strings.Repeat("x", 10*maxText)})
		for key, value := range map[string]any{"yes": true, "no": false, "status": uint16(503),
			"part": -0.5, "other": []int{1}, "none": nil, "empty": ""} {
			child.SetTag(key, value)
		}
		child.Finish()
		root.Finish()
		holdBatch(t, k)
	}
}

func holdBatch(t *testing.T, k *kept) {
	t.Helper()
	var got gen.Batch
	read := &thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(k.batch.end())}
	if err := got.Read(context.Background(), thrift.NewTBinaryProtocolConf(read, nil)); err != nil {
		t.Fatal(err)
	}
	if read.Len() > 0 {
		t.Errorf("%d bytes after the batch", read.Len())
	}
	if got, want := inJSON(t, got.Process), inJSON(t, k.process); got != want {
		t.Errorf("the process is %s, not %s", got, want)
	}
	if len(got.Spans) != len(k.want) {
		t.Fatalf("%d spans, not %d", len(got.Spans), len(k.want))
	}
	for i, want := range k.want {
		// Jaeger makes the one reference that there is of the parent's id
		if n := len(want.References); n > 1 || n == 1 && want.References[0].SpanId != want.ParentSpanId {
			t.Fatalf("the references are %v", want.References)
		}
		want.References = nil
		for _, span := range []*gen.Span{want, got.Spans[i]} {
			slices.SortFunc(span.Tags, func(a, b *gen.Tag) int { return strings.Compare(a.Key, b.Key) })
		}
		if got, want := inJSON(t, got.Spans[i]), inJSON(t, want); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
