package tracing

// The headers in canonical form, so that a map look-up finds them.
const (
	b3TraceID  = "X-B3-Traceid"
	b3SpanID   = "X-B3-Spanid"
	b3Parent   = "X-B3-Parentspanid"
	b3Sampled  = "X-B3-Sampled"
	b3Flags    = "X-B3-Flags"
	b3Single   = "B3"
	w3cParent  = "Traceparent"
	w3cState   = "Tracestate"
	requestID  = "X-Request-Id"
	baggage    = "Baggage"
	otSpanCtx  = "X-Ot-Span-Context"
	sampledYes = "1"
	sampledNo  = "0"
)

// passed returns the headers that go from a request to the next hop, whether tracing is on or not:
// the proxies join their spans by them.
func passed() []string {
	return []string{requestID, b3TraceID, b3SpanID, b3Parent, b3Sampled, b3Flags, otSpanCtx,
		b3Single, w3cParent, w3cState, baggage}
}
