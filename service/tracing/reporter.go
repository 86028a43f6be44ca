package tracing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/uber/jaeger-client-go"
)

// batchSize is how many spans are sent together at most, to Zipkin too. Fewer cost a collector more
// time under load; 2000 overrun its queue.
const batchSize = 500

// usualSize is what a span has in a batch, in bytes.
const usualSize = 256

// sendWithin bounds an attempt to send.
const sendWithin = 5 * time.Second

// reporter is a jaeger.Reporter that sends spans to Jaeger's collector. It writes a span where
// it ends, straight into the next batch. The client's own reporter hands each to a goroutine,
// which builds a tree of it and walks that to write it.
type reporter struct {
	settings Settings
	client   *http.Client
	complain *complaints
	size     int           // spans in a full batch
	room     int           // batches
	whole    chan struct{} // there is a full one
	closing  chan struct{}
	closed   chan struct{}

	mu      sync.Mutex
	head    []byte   // of every batch
	waiting []*batch // all but the last are full
	spare   *batch   // to be used again
}

func newReporter(c Settings, complain *complaints) *reporter {
	size := max(1, min(batchSize, c.queueSize))
	r := &reporter{
		settings: c,
		client:   &http.Client{Transport: direct(), Timeout: sendWithin},
		complain: complain,
		size:     size,
		room:     max(1, c.queueSize/size),
		whole:    make(chan struct{}, 1),
		closing:  make(chan struct{}),
		closed:   make(chan struct{}),
	}
	go r.run()
	return r
}

// Report implements jaeger.Reporter. Without room, the span is dropped.
func (r *reporter) Report(s *jaeger.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.waiting); n == 0 || r.waiting[n-1].spans == r.size {
		if n == r.room {
			return
		}
		r.waiting = append(r.waiting, r.empty(s))
	}
	last := r.waiting[len(r.waiting)-1]
	last.add(s)
	if last.spans == r.size {
		select {
		case r.whole <- struct{}{}:
		default:
		}
	}
}

// empty returns a batch without spans. Any span of the service knows what stands at its head.
func (r *reporter) empty(s *jaeger.Span) *batch {
	if r.head == nil {
		r.head = headOf(s)
	}
	b := r.spare
	r.spare = nil
	if b == nil {
		b = &batch{thrift: make([]byte, 0, r.size*usualSize)}
	}
	b.begin(r.head)
	return b
}

// Close implements jaeger.Reporter. It returns when all that waits has been sent, or refused.
func (r *reporter) Close() {
	close(r.closing)
	<-r.closed
}

func (r *reporter) run() {
	defer close(r.closed)
	tick := time.NewTicker(r.settings.flushEvery())
	defer tick.Stop()
	for {
		select {
		case <-r.whole:
			r.send(r.size)
		case <-tick.C:
			r.send(1)
		case <-r.closing:
			r.send(1)
			return
		}
	}
}

// send sends the batches of at least so many spans. What the collector does not take is gone.
func (r *reporter) send(atLeast int) {
	for b := r.take(atLeast); b != nil; b = r.take(atLeast) {
		if err := r.post(b.end()); err != nil {
			r.complain.Error(err.Error())
		}
		r.mu.Lock()
		r.spare = b
		r.mu.Unlock()
	}
}

func (r *reporter) take(atLeast int) *batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 || r.waiting[0].spans < atLeast {
		return nil
	}
	b := r.waiting[0]
	r.waiting = append(r.waiting[:0], r.waiting[1:]...)
	return b
}

func (r *reporter) post(body []byte) error {
	ctx := context.Background() // the client has a time-out
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.settings.jaeger.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-thrift")
	if j := r.settings.jaeger; j.user != "" {
		req.SetBasicAuth(j.user, j.password)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // keeps the connection
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the collector: %s", res.Status)
	}
	return nil
}
