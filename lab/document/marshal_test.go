package document_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/document"
)

// TestMarshal indents as kubectl does, whatever the file's own style is.
func TestMarshal(t *testing.T) {
	t.Parallel()
	const want = `apiVersion: v1
kind: List
metadata:
  name: a
  labels:
    app: a
spec:
  hosts:
  - a
  - b # why
  http:
  - route:
    - destination:
        host: a
`
	written := strings.ReplaceAll(strings.ReplaceAll(want, "  ", "     "), "- ", "  -   ")
	docs, err := document.Parse("a.yml", strings.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	got, err := docs[0].YAML()
	if err != nil || string(got) != want {
		t.Errorf("of a file: %v\n%s", err, got)
	}
	value := map[string]any{"spec": map[string]any{"hosts": []string{"a"}}}
	if got, err = document.Marshal(value); err != nil || string(got) != "spec:\n  hosts:\n  - a\n" {
		t.Errorf("of a value: %v\n%s", err, got)
	}
}
