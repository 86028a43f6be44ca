package document_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/document"
)

// What JSON says, YAML says as well, whatever words, numbers and characters there are.
func TestFromJSON(t *testing.T) {
	t.Parallel()
	const text = `{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"spec":{"a":1000000,"b":9007199254740993,` +
		`"c":"yes","d":"1","e":"a\nb","f":true,"g":null,"h":[1.5,"\u2028"],"i":"2001-01-01","j":{},"k":"😀"}}`
	d, err := document.FromJSON("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	data, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != text {
		t.Errorf("got\n%s\nwant\n%s", data, text)
	}
	yaml, err := d.YAML()
	if err != nil || !strings.Contains(string(yaml), "\nspec:\n  a: 1000000\n") {
		t.Errorf("%s, %v; want one field to a line", yaml, err)
	}
	for _, bad := range []string{"", "{", "[]", "3"} {
		if _, err := document.FromJSON("x", []byte(bad)); err == nil || !strings.HasPrefix(err.Error(), "x:") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestToJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: {b: [1, yes]}": `{"a":{"b":[1,true]}}`, "- op: remove\n  path: /x": `[{"op":"remove","path":"/x"}]`,
	} {
		if got, err := document.ToJSON("p", strings.NewReader(text)); err != nil || string(got) != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "[", "a: 1\na: 2"} {
		if got, err := document.ToJSON("p", strings.NewReader(bad)); err == nil {
			t.Errorf("%q: %s", bad, got)
		}
	}
}
