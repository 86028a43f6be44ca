package main

import (
	"bytes"
	"testing"
)

// TestPrintNarrow leaves out columns without anything where there is no room for them, and nowhere else; where
// there is none without them either, a row is a record.
func TestPrintNarrow(t *testing.T) {
	t.Parallel()
	const whole = "RULE   TO      TIMEOUT   RETRIES\none    first   none      2\n"
	for width, want := range map[int]string{
		0: whole, 33: whole, 25: "RULE   TO      RETRIES\none    first   2\nnone: TIMEOUT\n",
		20: "RULE        one\n  TO        first\n  RETRIES   2\nnone: TIMEOUT\n",
	} {
		var out bytes.Buffer
		rows := [][]string{{"RULE", "TO", "TIMEOUT", "RETRIES"}, {"one", "first", "none", "2"}}
		if err := printNarrow(fit(&out, width), rows); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%d columns: %q, want %q", width, out.String(), want)
		}
	}
}
