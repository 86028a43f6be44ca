package text_test

import (
	"encoding/json"
	"strings"
	"testing"

	"istio-tutorial/service/text"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                    "",
		"plain = \"ASCII\"\n":                 "plain = \"ASCII\"\n",
		"é 世界 …\n":                            "é 世界 …\n",
		"a\u009b31mb":                         `a\u009b31mb`,
		"a\x7fb":                              `a\u007fb`,
		"a\u202eb\u2066c\u200bd\ufeff":        `a\u202eb\u2066c\u200bd\ufeff`,
		"tag \U000e0041":                      `tag \udb40\udc41`,
		"no UTF-8: \x9b\xff.":                 `no UTF-8: \ufffd\ufffd.`,
		"the replacement itself \ufffd stays": "the replacement itself \ufffd stays",
	} {
		if got := string(text.Printable([]byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// A JSON document stays one, and means the same.
func TestPrintableIsJSON(t *testing.T) {
	t.Parallel()
	const secret = "\u009b\u202e\x7f\U000e0041é"
	line, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := json.Unmarshal(text.Printable(line), &got); err != nil || got != secret {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                              "",
		" a\n\tb\r\n ":                  "a b",
		"302 \x1b[31mFound\x07\u009b":   `302 \u001b[31mFound\u0007\u009b`,
		strings.Repeat("x", 300):        strings.Repeat("x", 300),
		strings.Repeat("x", 301):        strings.Repeat("x", 300) + "…",
		strings.Repeat("x", 299) + "éé": strings.Repeat("x", 299) + "…",
	} {
		if got := text.Line(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
