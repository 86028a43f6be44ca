package classic

import (
	"net/http"

	"istio-tutorial/lab/mesh"
)

// status is one of gRPC's codes as Mixer names it, and what the proxy makes of it
// (istio/proxy's src/istio/utils/status.cc).
type status struct {
	name string
	http int
}

const (
	codePermissionDenied   = 7
	codeNotFound           = 5
	codeResourceExhausted  = 8
	codeFailedPrecondition = 9
	statusClientClosed     = 499
)

// statusCodes are indexed by code.
func statusCodes() []status {
	return []status{
		{"OK", http.StatusOK},
		{"CANCELLED", statusClientClosed},
		{"UNKNOWN", http.StatusInternalServerError},
		{"INVALID_ARGUMENT", http.StatusBadRequest},
		{"DEADLINE_EXCEEDED", http.StatusGatewayTimeout},
		{"NOT_FOUND", http.StatusNotFound},
		{"ALREADY_EXISTS", http.StatusConflict},
		{"PERMISSION_DENIED", http.StatusForbidden},
		{"RESOURCE_EXHAUSTED", http.StatusTooManyRequests},
		{"FAILED_PRECONDITION", http.StatusBadRequest},
		{"ABORTED", http.StatusConflict},
		{"OUT_OF_RANGE", http.StatusBadRequest},
		{"UNIMPLEMENTED", http.StatusNotImplemented},
		{"INTERNAL", http.StatusInternalServerError},
		{"UNAVAILABLE", http.StatusServiceUnavailable},
		{"DATA_LOSS", http.StatusInternalServerError},
		{"UNAUTHENTICATED", http.StatusUnauthorized},
	}
}

// answer is what the proxy says to a caller whom Mixer refused.
func answer(code int, message string) mesh.Response {
	s := statusCodes()[code]
	return mesh.Response{Status: s.http, Body: s.name + ":" + message}
}
