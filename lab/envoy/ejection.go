package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Ejection is what Envoy logs when a proxy leaves a pod out for its errors, and when it takes it back.
type Ejection struct {
	Time    time.Time `json:"timestamp"`
	Cluster string    `json:"cluster_name"`
	// Address is the pod's, host:port or the path of a socket.
	Address string `json:"upstream_url"`
	Action  string `json:"action"` // EJECT or UNEJECT
	// Enforced is false of one that is only counted.
	Enforced bool `json:"enforced"`
}

// IsEjection tells a line about an ejection from one about a request.
func IsEjection(line []byte) bool {
	return bytes.HasPrefix(line, []byte(`{"type":`)) && bytes.Contains(line, []byte(`"upstream_url":`))
}

// ParseEjection reads a line about an ejection.
func ParseEjection(line []byte) (Ejection, error) {
	var e Ejection
	if err := json.Unmarshal(line, &e); err != nil {
		return e, fmt.Errorf("ejection: %w", err)
	}
	return e, nil
}
