package tracing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
	gen "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// A collector that does not answer costs a bounded memory: what has no room is dropped, and
// what has it comes in order, in full batches.
func TestReporterHasItsRoom(t *testing.T) {
	t.Parallel()
	const size, room, spans = batchSize, 2, 5 * batchSize
	asked, answer := make(chan []string), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- names(body)
		<-answer
	}))
	t.Cleanup(backend.Close)
	endpoint, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := newReporter(Settings{jaeger: jaegerSettings{endpoint: endpoint}, queueSize: room * size, flushInterval: time.Hour},
		&complaints{log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	tracer, _ := jaeger.NewTracer("customer", jaeger.NewConstSampler(true), r, jaeger.TracerOptions.PoolSpans(true))
	report := func(from, to int) {
		for n := from; n < to; n++ {
			tracer.StartSpan(fmt.Sprint(n)).Finish()
		}
	}
	report(0, size)
	got := <-asked
	report(size, spans) // while the first batch is not answered
	go r.Close()
	for range room {
		answer <- struct{}{}
		got = append(got, <-asked...)
	}
	close(answer)
	<-r.closed
	if len(got) != (1+room)*size {
		t.Errorf("%d spans came, want %d", len(got), (1+room)*size)
	}
	for i, name := range got {
		if name != fmt.Sprint(i) {
			t.Fatalf("span %d is %q", i, name)
		}
	}
}

// names returns those of the spans in a batch, none if it is none.
func names(body []byte) []string {
	var b gen.Batch
	read := &thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(body)}
	if err := b.Read(context.Background(), thrift.NewTBinaryProtocolConf(read, nil)); err != nil {
		return nil
	}
	var names []string
	for _, span := range b.Spans {
		names = append(names, span.OperationName)
	}
	return names
}
