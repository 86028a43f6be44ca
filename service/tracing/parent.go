package tracing

import (
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// parent is the span that a request comes from. Sampled is empty where that is left to us;
// without ids, only the decision is known.
type parent struct {
	traceID, spanID, sampled string
}

// parentOf reads B3's several headers, else its single one, else W3C's. The several come
// first: Envoy adds those of its own span, and lets the caller's single one pass. A form with
// ids beats one that only has the decision.
func parentOf(h http.Header) parent {
	var decided parent
	for _, read := range []func(http.Header) parent{fromB3, fromSingleB3, fromW3C} {
		p := read(h)
		if p.traceID != "" {
			return p
		}
		if decided.sampled == "" {
			decided = p
		}
	}
	return decided
}

// first returns the header's first value. Get would make the name canonical each time.
func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func fromB3(h http.Header) parent {
	p := parent{first(h, b3TraceID), first(h, b3SpanID), decision(first(h, b3Sampled))}
	if first(h, b3Flags) == "1" {
		p.sampled = sampledYes
	}
	return p.checked()
}

// fromSingleB3 reads `TRACE-SPAN[-SAMPLED[-PARENT]]`, or the decision alone.
func fromSingleB3(h http.Header) parent {
	single := first(h, b3Single)
	if single == "" {
		return parent{}
	}
	part := strings.Split(single, "-")
	switch len(part) {
	case 1:
		return parent{sampled: decision(part[0])}
	case 2:
		return parent{part[0], part[1], ""}.checked()
	default:
		return parent{part[0], part[1], decision(part[2])}.checked()
	}
}

// fromW3C reads `VERSION-TRACE-SPAN-FLAGS`, as Trace Context level 1 has it: a version above
// 00 may add parts, and ff is none.
func fromW3C(h http.Header) parent {
	w3c := first(h, w3cParent)
	if w3c == "" {
		return parent{}
	}
	part := strings.Split(w3c, "-")
	if len(part) < 4 || !isHex(part[0], 2) || part[0] == "ff" || part[0] == "00" && len(part) > 4 ||
		!isHex(part[1], 32) || !isHex(part[3], 2) {
		return parent{}
	}
	flags, _ := hex.DecodeString(part[3])
	sampled := sampledNo
	if flags[0]&1 == 1 {
		sampled = sampledYes
	}
	p := parent{part[1], part[2], sampled}.checked()
	if p.traceID == "" {
		return parent{} // without ids a W3C header says nothing
	}
	return p
}

func decision(s string) string {
	switch strings.ToLower(s) {
	case "1", "true", "d":
		return sampledYes
	case "0", "false":
		return sampledNo
	}
	return ""
}

// checked keeps the decision alone where the ids are not both well-formed.
func (p parent) checked() parent {
	p.traceID, p.spanID = strings.ToLower(p.traceID), strings.ToLower(p.spanID)
	if !isID(p.traceID, 16, 32) || !isID(p.spanID, 16) {
		p.traceID, p.spanID = "", ""
	}
	return p
}

// isID reports whether s is hexadecimal, has one of the lengths, and is not all zeros.
func isID(s string, lengths ...int) bool {
	return isHex(s, lengths...) && strings.Trim(s, "0") != ""
}

func isHex(s string, lengths ...int) bool {
	return slices.Contains(lengths, len(s)) && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// into writes p, and the span that it is a child of, as the several B3 headers.
func (p parent) into(h http.Header, above string) {
	v := []string{p.traceID, p.spanID, above, p.sampled}
	h[b3TraceID], h[b3SpanID], h[b3Parent], h[b3Sampled] = v[0:1:1], v[1:2:2], v[2:3:3], v[3:4:4]
}

// idOf returns a span's or a trace's id as the headers have it.
func idOf(parts ...uint64) string {
	var b [16]byte
	bytes := b[:0]
	for _, part := range parts {
		bytes = binary.BigEndian.AppendUint64(bytes, part)
	}
	return hex.EncodeToString(bytes)
}

// single returns p as B3's single header.
func (p parent) single() string {
	if p.sampled == "" {
		return p.traceID + "-" + p.spanID
	}
	return p.traceID + "-" + p.spanID + "-" + p.sampled
}

// w3c returns p as W3C's header.
func (p parent) w3c() string {
	flags := "00"
	if p.sampled == sampledYes {
		flags = "01"
	}
	return "00-" + strings.Repeat("0", 32-len(p.traceID)) + p.traceID + "-" + p.spanID + "-" + flags
}
