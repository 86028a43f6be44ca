package tracing

import (
	"net/http"
	"strings"
	"testing"
)

const (
	long  = "80f198ee56343ba864fe8b2a57d3eff7"
	short = "64fe8b2a57d3eff7"
	span  = "e457b5a2e4d86bd1"
	other = "0af7651916cd43dd8448eb211c80319c"
)

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestParentOf(t *testing.T) {
	t.Parallel()
	ids := func(pairs ...string) []string {
		return append([]string{"x-b3-traceid", long, "x-b3-spanid", span}, pairs...)
	}
	for _, c := range []struct {
		name string
		in   []string
		want parent
	}{
		{"nothing", nil, parent{}},
		{"b3", ids("x-b3-sampled", "1"), parent{long, span, "1"}},
		{"b3 of 64 bits", []string{"x-b3-traceid", short, "x-b3-spanid", span, "x-b3-sampled", "0"},
			parent{short, span, "0"}},
		{"b3 without a decision", ids(), parent{long, span, ""}},
		{"b3 true", ids("x-b3-sampled", "true"), parent{long, span, "1"}},
		{"b3 false", ids("x-b3-sampled", "False"), parent{long, span, "0"}},
		{"b3 and a strange decision", ids("x-b3-sampled", "2"), parent{long, span, ""}},
		{"b3 for debugging", ids("x-b3-flags", "1"), parent{long, span, "1"}},
		{"b3 for debugging beats a no", ids("x-b3-flags", "1", "x-b3-sampled", "0"), parent{long, span, "1"}},
		{"b3 without flags", ids("x-b3-flags", "0"), parent{long, span, ""}},
		{"b3 in upper case", []string{"X-B3-TRACEID", strings.ToUpper(long), "X-B3-SPANID", strings.ToUpper(span)},
			parent{long, span, ""}},
		{"b3 without a span", []string{"x-b3-traceid", long, "x-b3-sampled", "1"}, parent{sampled: "1"}},
		{"b3 without a trace", []string{"x-b3-spanid", span}, parent{}},
		{"b3 too short", ids("x-b3-traceid", long[1:]), parent{}},
		{"b3 too long", ids("x-b3-spanid", span+"0"), parent{}},
		{"b3 not hexadecimal", ids("x-b3-traceid", "g"+long[1:]), parent{}},
		{"b3 of zeros", ids("x-b3-traceid", strings.Repeat("0", 32), "x-b3-sampled", "0"), parent{sampled: "0"}},
		{"b3 span of zeros", ids("x-b3-spanid", strings.Repeat("0", 16)), parent{}},
		{"only a no", []string{"x-b3-sampled", "0"}, parent{sampled: "0"}},
		{"only debugging", []string{"x-b3-flags", "1"}, parent{sampled: "1"}},

		{"single", []string{"b3", long + "-" + span}, parent{long, span, ""}},
		{"single, yes", []string{"b3", long + "-" + span + "-1"}, parent{long, span, "1"}},
		{"single, no", []string{"b3", short + "-" + span + "-0"}, parent{short, span, "0"}},
		{"single, debugging", []string{"b3", long + "-" + span + "-d"}, parent{long, span, "1"}},
		{"single, its parent", []string{"b3", long + "-" + span + "-1-05e3ac9a4f6e3b90"}, parent{long, span, "1"}},
		{"single in upper case", []string{"B3", strings.ToUpper(long + "-" + span)}, parent{long, span, ""}},
		{"single, only a no", []string{"b3", "0"}, parent{sampled: "0"}},
		{"single, only debugging", []string{"b3", "d"}, parent{sampled: "1"}},
		{"single, garbage", []string{"b3", "garbage"}, parent{}},
		{"single, hyphens", []string{"b3", "----"}, parent{}},
		{"single, bad trace", []string{"b3", "x-" + span + "-1"}, parent{sampled: "1"}},

		{"w3c", []string{"traceparent", "00-" + long + "-" + span + "-01"}, parent{long, span, "1"}},
		{"w3c, no", []string{"traceparent", "00-" + long + "-" + span + "-00"}, parent{long, span, "0"}},
		{"w3c, other flags", []string{"traceparent", "00-" + long + "-" + span + "-02"}, parent{long, span, "0"}},
		{"w3c, all flags", []string{"traceparent", "00-" + long + "-" + span + "-ff"}, parent{long, span, "1"}},
		{"w3c of tomorrow", []string{"traceparent", "01-" + long + "-" + span + "-01-more"}, parent{long, span, "1"}},
		{"w3c with too much", []string{"traceparent", "00-" + long + "-" + span + "-01-more"}, parent{}},
		{"w3c of no version", []string{"traceparent", "ff-" + long + "-" + span + "-01"}, parent{}},
		{"w3c of a strange version", []string{"traceparent", "zz-" + long + "-" + span + "-01"}, parent{}},
		{"w3c without a version", []string{"traceparent", long + "-" + span + "-01"}, parent{}},
		{"w3c of 64 bits", []string{"traceparent", "00-" + short + "-" + span + "-01"}, parent{}},
		{"w3c of zeros", []string{"traceparent", "00-" + strings.Repeat("0", 32) + "-" + span + "-01"}, parent{}},
		{"w3c, bad flags", []string{"traceparent", "00-" + long + "-" + span + "-0g"}, parent{}},
		{"w3c, short flags", []string{"traceparent", "00-" + long + "-" + span + "-1"}, parent{}},

		{"b3 beats w3c", ids("traceparent", "00-"+other+"-"+span+"-01"), parent{long, span, ""}},
		{"b3 beats single", ids("b3", other+"-"+span+"-1"), parent{long, span, ""}},
		{"single beats w3c", []string{"traceparent", "00-" + other + "-" + span + "-01", "b3", long + "-" + span},
			parent{long, span, ""}},
		{"ids beat a decision", []string{"x-b3-sampled", "1", "traceparent", "00-" + long + "-" + span + "-00"},
			parent{long, span, "0"}},
		{"good ids beat bad ones", ids("x-b3-spanid", "bad", "b3", other+"-"+span+"-1"), parent{other, span, "1"}},
		{"the first decision", []string{"x-b3-sampled", "0", "b3", "1"}, parent{sampled: "0"}},
	} {
		if got := parentOf(header(c.in...)); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// FuzzParentOf holds that whatever comes in, what is made of it is well-formed, and reads the
// same again in each of the three forms.
func FuzzParentOf(f *testing.F) {
	f.Add(long, span, "1", "0", "", "")
	f.Add("", "", "", "", long+"-"+span+"-d", "")
	f.Add(short, span, "", "1", "0", "00-"+long+"-"+span+"-01")
	f.Add("G", "", "x", "", "---", "00----")
	f.Fuzz(func(t *testing.T, trace, spanID, sampled, flags, single, w3c string) {
		p := parentOf(header(b3TraceID, trace, b3SpanID, spanID, b3Sampled, sampled, b3Flags, flags,
			b3Single, single, w3cParent, w3c))
		if !strings.Contains("01", p.sampled) || len(p.sampled) > 1 {
			t.Errorf("the decision is %q", p.sampled)
		}
		if p.traceID == "" && p.spanID == "" {
			return
		}
		if len(p.traceID) != 16 && len(p.traceID) != 32 || len(p.spanID) != 16 ||
			strings.Trim(p.traceID+p.spanID, "0123456789abcdef") != "" {
			t.Errorf("bad ids: %+v", p)
		}
		several := http.Header{}
		p.into(several, other[:16])
		if again := fromB3(several); again != p || several.Get(b3Parent) != other[:16] {
			t.Errorf("%+v reads as %+v from B3", p, again)
		}
		if again := fromSingleB3(header(b3Single, p.single())); again != p {
			t.Errorf("%+v reads as %+v from the single B3", p, again)
		}
		again := fromW3C(header(w3cParent, p.w3c()))
		if !strings.HasSuffix(again.traceID, p.traceID) || again.spanID != p.spanID ||
			(again.sampled == sampledYes) != (p.sampled == sampledYes) {
			t.Errorf("%+v reads as %+v from W3C", p, again)
		}
	})
}
