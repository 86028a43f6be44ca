package envoy

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// Insight is what an entry of the access log has besides Access, for those who explain a request:
// it is cut off before a reader sees the line, see Split.
type Insight struct {
	// Client is the address from which an outbound request came, host:port.
	Client string `json:"client"`
	Scheme string `json:"scheme"`
	// Host is the authority before a route rewrote it.
	Host string `json:"host"`
	// Door is the name of the listener's part that took an encrypted connection from outside, and SNI the host
	// that it was for, if it named one; "" of others.
	Door string `json:"door"`
	SNI  string `json:"sni"`
	// Micros is how long the answer took, in microseconds; 0: there was none.
	Micros int `json:"us"`
	// Peer is the identity that the caller's certificate proves, see Identity; "": nobody asks for one.
	Peer string `json:"peer"`
	// Headers are those that rules look at.
	Headers Headers `json:"headers"`
	// Claims are those of the request's token, if it holds.
	Claims map[string]any `json:"claims"`
}

// Entry is a line of the access log with all that is in it.
type Entry struct {
	Access
	Insight Insight `json:"why"`
}

// insightFormat is the format of Insight, under a key that sorts behind all of Access.
func insightFormat(direction string, headers []string) map[string]any {
	logged := map[string]any{}
	for _, name := range headers {
		logged[name] = "%REQ(" + name + ")%"
	}
	format := map[string]any{
		"scheme":  "%REQ(:SCHEME)%",
		"host":    "%REQ(X-ENVOY-ORIGINAL-HOST?:AUTHORITY)%",
		"us":      "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
		"headers": logged,
		"claims":  "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload)%",
	}
	if direction == Outbound {
		format["client"] = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"
	}
	return format
}

// peerMark begins a Peer that was asked for; - is one who has none.
const peerMark = "="

// AskPeer adds to a format who calls, as the certificate proves it.
func AskPeer(format map[string]any) {
	if why, ok := format["why"].(map[string]any); ok {
		why["peer"] = peerMark + "%DOWNSTREAM_PEER_URI_SAN%"
	}
}

// AskDoor adds to a format at which door the connection came in.
func AskDoor(format map[string]any) {
	if why, ok := format["why"].(map[string]any); ok {
		why["door"], why["sni"] = "%FILTER_CHAIN_NAME%", "%REQUESTED_SERVER_NAME%"
	}
}

// NoIdentity is that of a caller in plain text.
const NoIdentity = "none"

// Identity is who the caller is, as policies name it: NoIdentity in plain text, "" where nobody asks.
func (i Insight) Identity() string {
	uri, asked := strings.CutPrefix(i.Peer, peerMark)
	switch {
	case !asked:
		return ""
	case uri == "-":
		return NoIdentity
	}
	return strings.TrimPrefix(uri, "spiffe://")
}

// EntryFormat is AccessFormat together with what ParseEntry reads besides: explained are the
// headers of Insight.
func EntryFormat(pod, direction string, headers, explained []string) map[string]any {
	format := AccessFormat(pod, direction, headers)
	format["why"] = insightFormat(direction, explained)
	return format
}

// Split parts a line in EntryFormat: plain is the line in AccessFormat, without an end. Of a line
// that is none, plain is all. Claims may have any names, but they come behind that key.
func Split(line []byte) (plain []byte, ok bool) {
	line = bytes.TrimRight(line, "\n")
	if i := bytes.Index(line, []byte(`,"why":{`)); i > 0 && line[0] == '{' {
		plain = make([]byte, 0, i+len("}\n")) // whoever writes it adds an end
		return append(append(plain, line[:i]...), '}'), true
	}
	return slices.Clip(line), false
}

// ParseEntry reads a line in EntryFormat.
func ParseEntry(line string) (*Entry, error) {
	var e Entry
	s := scan(line)
	s.skip("{")
	e.Access.scan(&s)
	s.skip(`"why":{`)
	e.Insight.scan(&s)
	if s.skip("}}"); s.isAtEnd() {
		return &e, nil
	}
	return parse[Entry](line)
}

// scan takes what insightFormat has, and no claims.
func (i *Insight) scan(s *scanner) {
	if s.next("claims") {
		s.key("claims")
		s.ok = s.isNull()
		s.end()
	}
	if s.next("client") {
		i.Client = s.text("client")
	}
	if s.next("door") {
		i.Door = s.text("door")
	}
	i.Headers = Headers(s.object("headers"))
	i.Host = s.text("host")
	if s.next("peer") {
		i.Peer = s.text("peer")
	}
	i.Scheme = s.text("scheme")
	if s.next("sni") {
		i.SNI = s.text("sni")
	}
	i.Micros = s.number("us")
}

// Try is one attempt of a request that a client's proxy made, and that went wrong: of the others
// nothing is logged. The last one is in the request's own entry too.
type Try struct {
	Time     time.Time `json:"time"` // of the try's begin
	Pod      string    `json:"pod"`  // of the client, as in Access
	Request  string    `json:"request"`
	Cluster  string    `json:"cluster"`
	Upstream string    `json:"upstream"` // empty: no host was picked
	Status   int       `json:"status"`   // 0: there was no answer
	Flags    string    `json:"flags"`
	Details  string    `json:"details"`
	Duration int       `json:"duration"` // milliseconds
}

// tryMark begins each line about a try.
const tryMark = `{"try":{`

// TryFormat is the format of the lines that ParseTry reads.
func TryFormat(pod string) map[string]any {
	return map[string]any{"try": map[string]any{
		"time":     "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
		"pod":      pod,
		"request":  "%REQ(X-REQUEST-ID)%",
		"cluster":  "%UPSTREAM_CLUSTER_RAW%",
		"upstream": "%UPSTREAM_HOST_NAME%",
		"status":   "%RESPONSE_CODE%",
		"flags":    "%RESPONSE_FLAGS%",
		"details":  "%RESPONSE_CODE_DETAILS%",
		"duration": "%DURATION%",
	}}
}

// IsTry tells a line about a try from one about a request.
func IsTry[T string | []byte](line T) bool {
	return len(line) > len(tryMark) && string(line[:len(tryMark)]) == tryMark
}

// ParseTry reads a line in TryFormat.
func ParseTry(line string) (*Try, error) {
	var t Try
	s := scan(line)
	s.skip(tryMark)
	t.scan(&s)
	if s.skip("}}"); s.isAtEnd() {
		return &t, nil
	}
	l, err := parse[struct{ Try Try }](line)
	if err != nil {
		return nil, err
	}
	return &l.Try, nil
}

// scan takes what TryFormat has.
func (t *Try) scan(s *scanner) {
	t.Cluster = s.text("cluster")
	t.Details = s.text("details")
	t.Duration = s.number("duration")
	t.Flags = s.text("flags")
	t.Pod = s.text("pod")
	t.Request = s.text("request")
	t.Status = s.number("status")
	t.Time = s.time("time")
	t.Upstream = s.text("upstream")
}
