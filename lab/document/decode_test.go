package document_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
)

type typeMeta struct {
	Kind       string `json:"kind,omitempty"`
	APIVersion string `json:"apiVersion,omitempty"`
}

// widget has every shape that Kubernetes' own types have.
type widget struct {
	typeMeta `json:",inline"`
	Metadata any        `json:"metadata"`
	Spec     widgetSpec `json:"spec"`
}

type widgetSpec struct {
	Replicas *int32            `json:"replicas"`
	Labels   map[string]string `json:"labels"`
	Ports    []port            `json:"ports"`
	Share    float64           `json:"share"`
	On       bool              `json:"on"`
	HTTPCode uint8             `json:"httpCode"`
	Wait     patience          `json:"wait"`
	Raw      json.RawMessage   `json:"raw"`
	hidden   int               //nolint:unused // no document may set it
}

type port struct {
	Name  string `json:"name"`
	Names []string
}

// patience has words of its own, as Kubernetes' quantities do.
type patience int

func (p *patience) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `"long"`:
		*p = 10
	case `"short"`:
		*p = 1
	default:
		return errors.New("want long or short")
	}
	return nil
}

func parseOne(t *testing.T, spec string) document.Document {
	t.Helper()
	docs, err := document.Parse("f", strings.NewReader(object+spec))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents, error %v", len(docs), err)
	}
	return docs[0]
}

func TestDecode(t *testing.T) {
	t.Parallel()
	doc := parseOne(t, `spec:
  replicas: 2
  labels: &labels {a.b/c: d, empty: }
  ports:
  - name: 2018-05-01
    Names: ["1", yEs]
  - {}
  share: 1
  on: yes
  httpCode: 0xff
  wait: long
  raw: {<<: *labels, empty: 1e3, n: ~, l: [no]}
`)
	var got widget
	if err := doc.Decode(&got); err != nil {
		t.Fatal(err)
	}
	replicas := int32(2)
	want := widget{
		typeMeta: typeMeta{Kind: "Service", APIVersion: "v1"},
		Metadata: map[string]any{"name": "a"},
		Spec: widgetSpec{
			Replicas: &replicas,
			Labels:   map[string]string{"a.b/c": "d", "empty": ""},
			Ports:    []port{{Name: "2018-05-01", Names: []string{"1", "yEs"}}, {}},
			Share:    1, On: true, HTTPCode: 255, Wait: 10,
			Raw: json.RawMessage(`{"a.b/c":"d","empty":1000,"l":[false],"n":null}`),
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeTellsNullFromEmpty(t *testing.T) {
	t.Parallel()
	var null, empty widget
	if err := parseOne(t, "spec: {ports: }\n").Decode(&null); err != nil || null.Spec.Ports != nil {
		t.Errorf("null: %#v, %v", null.Spec.Ports, err)
	}
	if err := parseOne(t, "spec: {ports: []}\n").Decode(&empty); err != nil || empty.Spec.Ports == nil {
		t.Errorf("empty: %#v, %v", empty.Spec.Ports, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spec, want string }{
		"unknown": {
			"spec:\n  ports:\n  - {}\n  - nam: x\n",
			"f:8: spec.ports[1].nam: unknown field",
		},
		"other letters": {
			"spec: {httpcode: 1}\n",
			"f:5: spec.httpcode: unknown field; did you mean httpCode?",
		},
		"snake": {
			"spec: {http_code: 1}\n",
			"f:5: spec.http_code: unknown field; did you mean httpCode?",
		},
		"unexported": {"spec: {hidden: 1}\n", "f:5: spec.hidden: unknown field"},
		"string as int": {
			"spec: {replicas: \"2\"}\n",
			`f:5: spec.replicas: want a whole number (int32), not the string "2"`,
		},
		"fraction": {
			"spec: {replicas: 1.5}\n",
			"f:5: spec.replicas: want a whole number (int32), not the number 1.5",
		},
		"too large": {
			"spec: {replicas: 3000000000}\n",
			"f:5: spec.replicas: want a whole number (int32), not the number 3000000000",
		},
		"infinite": {"spec: {share: .inf}\n", "f:5: spec.share: json: unsupported value: +Inf"},
		"bool label": {
			"spec:\n  labels:\n    a.b/c: yes\n",
			`f:7: spec.labels["a.b/c"]: want a string, not the boolean yes`,
		},
		"list as map": {"spec: {labels: []}\n", "f:5: spec.labels: want a mapping, not a list"},
		"map as list": {"spec: {ports: {}}\n", "f:5: spec.ports: want a list, not a mapping"},
		"map as text": {
			"spec: {ports: [{name: {}}]}\n",
			"f:5: spec.ports[0].name: want a string, not a mapping",
		},
		"null item": {"spec:\n  ports:\n  -\n", "f:7: spec.ports[0]: want a value, not nothing"},
		"own words": {"spec: {wait: x}\n", "f:5: spec.wait: want long or short"},
		"binary": {
			"spec: {ports: [{name: !!binary aGk=}]}\n",
			`f:5: spec.ports[0].name: !!binary "aGk=" is not supported`,
		},
		"all at once": {
			"spec:\n  labels: 1\n  share: x\nmore: 1\n",
			"f:6: spec.labels: want a mapping, not the number 1\n" +
				"f:7: spec.share: want a number, not the string \"x\"\nf:8: more: unknown field",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := parseOne(t, c.spec).Decode(&widget{})
			if err == nil || err.Error() != c.want {
				t.Errorf("error\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

func TestDecodeProto(t *testing.T) {
	t.Parallel()
	var got widgetSpec
	doc := parseOne(t, "more: 1\nspec: {http_code: 1, labels: {a_b: c}}\n")
	if err := doc.DecodeProto("spec", &got); err != nil {
		t.Fatal(err)
	}
	if got.HTTPCode != 1 || got.Labels["a_b"] != "c" {
		t.Errorf("got %+v", got)
	}
	if err := doc.DecodeProto("nope", &got); err != nil || got.HTTPCode != 1 {
		t.Errorf("no such field: %+v, %v", got, err)
	}
	for _, spec := range []string{"{http_code: 1, httpCode: 2}", "{httpCode: 2, http_code: 1}"} {
		both := parseOne(t, "spec: "+spec+"\n")
		if err := both.DecodeProto("spec", &got); err != nil || got.HTTPCode != 2 {
			t.Errorf("%s: %d, %v", spec, got.HTTPCode, err)
		}
	}
	err := parseOne(t, "spec:\n  http_code: x\n  nope_nope: 1\n").DecodeProto("spec", &got)
	want := "f:6: spec.http_code: want a whole number (uint8), not the string \"x\"\n" +
		"f:7: spec.nope_nope: unknown field"
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}

func TestErrorf(t *testing.T) {
	t.Parallel()
	doc := parseOne(t, "spec:\n  http_fault:\n    abort:\n      percent: 1\n  route:\n  - a\n  - b\n")
	for path, want := range map[string]int{
		"spec.httpFault.abort.percent": 8, "spec.httpFault.delay.percent": 6, "spec.route[1]": 11,
		"spec.route[2].weight": 9, "nope": 1, "": 1, `metadata.labels["a.b"]`: 3,
	} {
		if got := doc.Errorf(path, "x").Line; got != want {
			t.Errorf("line of %q: %d, want %d", path, got, want)
		}
	}
	cause := errors.New("cause")
	err := document.Errors{doc.Errorf("b", "%w", cause), doc.Errorf("spec.route", "x")}.OrNil()
	if !errors.Is(err, cause) || err.Error() != "f:1: b: cause\nf:9: spec.route: x" {
		t.Errorf("error %v", err)
	}
	if err := (document.Errors{}).OrNil(); err != nil {
		t.Errorf("no problems: %v", err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	got, err := parseOne(t, "spec: {a: [1, x, no]}\n").JSON()
	want := `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"a":[1,"x",false]}}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := parseOne(t, "spec: .nan\n").JSON(); err == nil {
		t.Error("not a number became JSON")
	}
}
