package document_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
)

const object = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n"

func TestParse(t *testing.T) {
	t.Parallel()
	in := "---\n# nothing\n---\n" + object + "---\n" +
		"{\"apiVersion\": \"v2\", \"kind\": \"Rule\",\n \"metadata\": {\"name\": \"b\", \"namespace\": \"n\"}}\n" +
		"---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: c}}\n" +
		"---\napiVersion: n/v1\nkind: RuleList\nitems:\n- {metadata: {name: d}}\n- {kind: Pod, metadata: {name: e}}\n"
	docs, err := document.Parse("f.yml", strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range docs {
		got = append(got, fmt.Sprintf("%s:%d %s/%s %s/%s",
			d.File, d.Line, d.APIVersion, d.Kind, d.Namespace, d.Name))
	}
	want := "f.yml:4 v1/Service /a; f.yml:9 v2/Rule n/b; f.yml:15 v1/Pod /c; " +
		"f.yml:20 n/v1/Rule /d; f.yml:21 n/v1/Pod /e"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("documents:\n%s\nwant\n%s", s, want)
	}
}

func TestParseSkipsBOMAndCarriageReturns(t *testing.T) {
	t.Parallel()
	in := "\ufeff" + strings.ReplaceAll(object, "\n", "\r\n")
	docs, err := document.Parse("f", strings.NewReader(in))
	if err != nil || len(docs) != 1 || docs[0].Name != "a" {
		t.Errorf("%+v, %v", docs, err)
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]struct{ name, problem string }{
		"{name: a}":       {"a", ""},
		"{name: '1'}":     {"1", ""},
		"{name: 1}":       {"1", "f:3: metadata.name: want a string, not the number 1"},
		"{name: 1.50}":    {"1.5", "f:3: metadata.name: want a string, not the number 1.50"},
		"{name: y}":       {"true", "f:3: metadata.name: want a string, not the boolean y"},
		"{name: ''}":      {"", "f:3: metadata.name: missing"},
		"{name: }":        {"", "f:3: metadata.name: missing"},
		"{namespace: ns}": {"", "f:3: metadata.name: missing"},
		"":                {"", "f:3: metadata.name: missing"},
	} {
		docs, err := document.Parse("f", strings.NewReader("apiVersion: v1\nkind: S\nmetadata: "+metadata+"\n"))
		if err != nil {
			t.Errorf("%s: %v", metadata, err)
			continue
		}
		problem := ""
		if err := docs[0].CheckName(); err != nil {
			problem = err.Error()
		}
		if docs[0].Name != want.name || problem != want.problem {
			t.Errorf("%s: name %q, %q", metadata, docs[0].Name, problem)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'i'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), c-1)
	}
	for name, c := range map[string]struct{ in, want string }{
		"not an object": {"- a\n", "f:1: want an object, not a list"},
		"scalar":        {"hello\n", `f:1: want an object, not the string "hello"`},
		"no kind":       {"apiVersion: v1\nmetadata: {name: a}\n", "f:1: kind: missing"},
		"mapping as name": {
			"apiVersion: v1\nkind: S\nmetadata:\n  name: {a: b}\n",
			"f:4: metadata.name: want a string, not a mapping",
		},
		"list as metadata": {
			"apiVersion: v1\nkind: S\nmetadata: [a]\n", "f:3: metadata: want a mapping, not a list",
		},
		"duplicate key":  {object + "spec:\n  a: 1\n  b: 1\n  a: 2\n", `f:8: key "a" given twice`},
		"mapping as key": {object + "{a: b}: c\n", "f:5: a key must be a scalar, not a mapping"},
		"tab": {
			object + "\tspec: 1\n",
			"f:5: found a tab character that violates indentation",
		},
		"open flow":      {object + "spec: [1\n", "f:5: did not find expected ',' or ']'"},
		"wrong indent":   {object + "spec:\n  - b\n c: d\n", "f:7: did not find expected key"},
		"first line":     {"x: y: z\n", "f:1: mapping values are not allowed in this context"},
		"unknown anchor": {object + "spec: *a\n", "f:5: *a begins with *, which YAML takes for a reference: quote it, as in \"*a\""},
		"control":        {object + "spec: \x01\n", "f:5: control characters are not allowed"},
		"endless alias":  {object + "spec: &a [*a]\n", "f:5: nested deeper than 64 levels"},
		"alias bomb":     {object + bomb, "f:5: more than 100000 values, aliases counted"},
		"string bomb": {
			object + "a: &a " + strings.Repeat("x", 500_000) + "\nb: [" + strings.Repeat("*a, ", 90_000) + "]\n",
			"f:5: more than 16777216 bytes of values and field names, aliases counted",
		},
		"path bomb": {
			object + strings.Repeat("k", 1000) + ": &a [" + strings.Repeat("x, ", 50_000) + "]\n",
			"f:5: more than 16777216 bytes of values and field names, aliases counted",
		},
		"long key": {
			object + "? " + strings.Repeat("k", 500_000) + "\n: [a]\n",
			"f:5: key \"" + strings.Repeat("k", 100) + "… (500000 bytes) …" + strings.Repeat("k", 100) +
				"\": longer than 1024 bytes",
		},
		"terminal escapes": {
			object + "? \"\\e[31m\\u202e\"\n: 1\n? \"\\e[31m\\u202e\"\n: 2\n",
			`f:7: key "\x1b[31m\u202e" given twice`,
		},
		"deep": {strings.Repeat("[", 100), "f:1: did not find expected node content"},
		"deep and closed": {
			"a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100),
			"f:1: nested deeper than 64 levels",
		},
		"very deep":      {strings.Repeat("[", 20000), "f:1: exceeded max depth of 10000"},
		"10 MB":          {strings.Repeat("a", 10<<20), "f: larger than 1048576 bytes"},
		"many documents": {strings.Repeat("---\n", 2000), "f:1001: more than 1000 documents"},
		"merge a scalar": {
			object + "spec:\n  <<: 1\n",
			"f:6: want a mapping to merge, not the number 1",
		},
		"list of no list": {
			"apiVersion: v1\nkind: List\nitems: 1\n",
			"f:3: items: want a list, not the number 1",
		},
		"several": {
			"kind: S\n---\napiVersion: v1\n",
			"f:1: apiVersion: missing\nf:3: kind: missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			docs, err := document.Parse("f", strings.NewReader(c.in))
			if docs != nil || err == nil || err.Error() != c.want {
				t.Errorf("%d documents, error\n%v\nwant\n%s", len(docs), err, c.want)
			}
			if list := (document.Errors)(nil); !errors.As(err, &list) {
				t.Errorf("error is a %T, want Errors", err)
			}
		})
	}
}

func TestParseReportsReader(t *testing.T) {
	t.Parallel()
	_, err := document.Parse("f", brokenReader{})
	if err == nil || err.Error() != "f: broken" {
		t.Errorf("error %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		object, "apiVersion: v1\nkind: Service\n", "---\n---\n", "- a\n", "a: &a [*a]\n", "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
		"a: b\n\tc: d\n", "\ufeffa: b\r\n", strings.Repeat("[", 200), strings.Repeat("- ", 200),
		"? a\n: b\n", "a: |\n x\n\ty\n", "<<: {a: 1}\n", "<<: [{a: 1}, {b: 2}]\na: 3\n",
		"apiVersion: v1\nkind: List\nitems: [{kind: List, items: []}]\n", "a: !!binary aGk=\n",
		"a: .inf\nb: 0x1f\nc: 1_000\nd: 2018-05-01\ne: yes\n", "%YAML 1.1\n---\na: 'b\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		docs, err := document.Parse("f", strings.NewReader(in))
		if err != nil && docs != nil {
			t.Error("documents beside an error")
		}
		for _, d := range docs {
			if d.Kind == "" || d.APIVersion == "" || d.Line < 1 || (d.Name == "" && d.CheckName() == nil) {
				t.Errorf("incomplete: %+v", d)
			}
			var into widget
			_ = d.Decode(&into)
			_ = d.DecodeProto("spec", &into.Spec)
			if text, err := d.YAML(); err == nil {
				if _, err := document.Parse("again", strings.NewReader(string(text))); err != nil {
					t.Errorf("does not parse again: %v\n%s", err, text)
				}
			}
		}
	})
}
