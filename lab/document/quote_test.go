package document_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/document"
)

const quotedRule = `# a comment
apiVersion: v1
kind: X
metadata:
  name: a
spec:
  http:
  - route: # where to
    - destination: b
    timeout: 1s
  - fault:
      abort:
        httpStatus: 503
`

func TestQuote(t *testing.T) {
	t.Parallel()
	docs, err := document.Parse("f", strings.NewReader(quotedRule))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		line int
		text string
		has  bool
	}{
		"spec.http[0].timeout":     {10, "timeout: 1s", true},
		"spec.http[1].fault.abort": {12, "abort:\n  httpStatus: 503", true},
		"spec.http[0]":             {8, "- route: # where to\n  - destination: b", true},
		"spec.http[1].fault.delay": {11, "", false},
		"spec.nothing":             {6, "", false},
	} {
		line, text := docs[0].Quote(path, 2)
		if got := strings.Join(text, "\n"); line != want.line || got != want.text || docs[0].Has(path) != want.has {
			t.Errorf("%s: line %d, %q, %v, want %+v", path, line, got, docs[0].Has(path), want)
		}
	}
}
