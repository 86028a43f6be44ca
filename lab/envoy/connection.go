package envoy

import "time"

// Connection is one from outside that ended before a request could come by it.
type Connection struct {
	Time   time.Time `json:"time"` // of its begin
	Pod    string    `json:"pod"`  // whose proxy took it, as in Access
	ID     string    `json:"id"`
	Client string    `json:"client"` // the address that it came from, host:port
	// Door is the name of the listener's part that took it; "": none did. SNI is the host that it was for, if it
	// named one.
	Door string `json:"door"`
	SNI  string `json:"sni"`
	// Flags and Details are as in Access. TLS is what went wrong with it, in Envoy's words, also where what
	// came was no TLS at all; "": nothing.
	Flags    string `json:"flags"`
	Details  string `json:"details"`
	TLS      string `json:"tls"`
	Duration int    `json:"duration"` // milliseconds
}

// connectionMark begins each line about a connection.
const connectionMark = `{"connection":{`

// ConnectionFormat is the format of the lines that ParseConnection reads.
func ConnectionFormat(pod string) map[string]any {
	return map[string]any{"connection": map[string]any{
		"time":     "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
		"pod":      pod,
		"id":       "%UNIQUE_ID%",
		"client":   "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
		"door":     "%FILTER_CHAIN_NAME%",
		"sni":      "%REQUESTED_SERVER_NAME%",
		"flags":    "%RESPONSE_FLAGS%",
		"details":  "%RESPONSE_CODE_DETAILS%",
		"tls":      "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
		"duration": "%DURATION%",
	}}
}

// IsConnection tells a line about a connection from one about a request.
func IsConnection[T string | []byte](line T) bool {
	return len(line) > len(connectionMark) && string(line[:len(connectionMark)]) == connectionMark
}

// ParseConnection reads a line in ConnectionFormat.
func ParseConnection(line string) (*Connection, error) {
	l, err := parse[struct{ Connection Connection }](line)
	if err != nil {
		return nil, err
	}
	return &l.Connection, nil
}
