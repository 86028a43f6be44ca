package hop

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
)

// Why there was no answer, in words that a metric can have: the reader's line has more.
const (
	refused     = "refused"      // nobody listens
	closed      = "closed"       // the connection, before the whole answer
	late        = "timeout"      // the whole answer did not come in time
	unknownHost = "unknown host" // no address has the name
	unusable    = "unusable"     // what came is no answer, or too large
)

// Causes returns what Failed is told, but for the statuses, of which there are many: those that a
// chain in trouble answers with are here.
func Causes() []string {
	causes := []string{refused, closed, late, unknownHost, unusable}
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		causes = append(causes, strconv.Itoa(status))
	}
	return causes
}

// failure is why there was no proper answer: a line for the reader, and one of Causes.
type failure struct{ line, cause string }

// Error implements error.
func (f *failure) Error() string { return f.line }

// causeOf sums up what the next service failed with.
func causeOf(a Answer, err error) string {
	if err == nil {
		return strconv.Itoa(a.Status)
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.cause
	}
	return unusable
}

// kindOf returns the cause that is behind the error of a transport.
func kindOf(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return closed
	case errors.Is(err, context.DeadlineExceeded):
		return late
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok && !name.IsTimeout {
		return unknownHost
	}
	if waited, ok := errors.AsType[net.Error](err); ok && waited.Timeout() {
		return late
	}
	return unusable
}
