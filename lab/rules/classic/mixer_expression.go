package classic

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/scanner"

	"istio-tutorial/lab/rules"
)

// value is the first of its terms that is there.
type value []term

type term struct {
	kind termKind
	text string // the literal, or the key in a map
}

type termKind string

// The attributes that the lab knows, by their names in Mixer.
const (
	literal              termKind = ""
	sourceService        termKind = "source.service"
	sourceNamespace      termKind = "source.namespace"
	sourceLabels         termKind = "source.labels"
	destinationService   termKind = "destination.service"
	destinationNamespace termKind = "destination.namespace"
	destinationLabels    termKind = "destination.labels"
	requestHeaders       termKind = "request.headers"
	requestHost          termKind = "request.host"
	requestMethod        termKind = "request.method"
	requestPath          termKind = "request.path"
	requestReferer       termKind = "request.referer"
	requestScheme        termKind = "request.scheme"
	requestUserAgent     termKind = "request.useragent"
	responseCode         termKind = "response.code"
)

func (k termKind) isMap() bool {
	return k == sourceLabels || k == destinationLabels || k == requestHeaders
}

// isStatic reports whether caller and server decide, whatever the request.
func (k termKind) isStatic() bool {
	_, ofRequest := k.asked("")
	return !ofRequest && k != responseCode
}

// static is a value that depends on caller and server alone.
type static value

func (v *value) UnmarshalJSON(data []byte) error {
	e, err := newExpression(data)
	if err != nil {
		return err
	}
	*v = e.value()
	e.end()
	return e.err
}

func (v *static) UnmarshalJSON(data []byte) error {
	e := &expression{err: (*value)(v).UnmarshalJSON(data)}
	e.mustBeStatic(value(*v))
	return e.err
}

// expression reads Mixer's expression language, as far as the lab knows it. The first error
// sticks.
type expression struct {
	scan     scanner.Scanner
	tok      rune
	function string // that was read after a value and a dot
	err      error
}

func newExpression(data []byte) (*expression, error) {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return nil, fmt.Errorf("want an expression, not %s", data)
	}
	e := &expression{}
	e.scan.Init(strings.NewReader(text))
	e.scan.Mode = scanner.ScanIdents | scanner.ScanStrings | scanner.ScanInts
	e.scan.Error = func(_ *scanner.Scanner, message string) { e.fail("%s", message) }
	e.next()
	return e, nil
}

func (e *expression) next() { e.tok = e.scan.Scan() }

func (e *expression) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("expression: "+format, args...)
	}
}

func (e *expression) mustBeStatic(v value) {
	for _, t := range v {
		if !t.kind.isStatic() {
			e.fail("%s here: %w", t.kind, rules.ErrUnsupported)
		}
	}
}

func (e *expression) end() {
	if e.tok != scanner.EOF {
		e.fail("%q: %w", e.scan.TokenText(), rules.ErrUnsupported)
	}
}

func (e *expression) value() value {
	v := value{e.term()}
	for e.tok == '|' && e.scan.Peek() != '|' {
		e.next()
		v = append(v, e.term())
	}
	return v
}

func (e *expression) term() term {
	text := e.scan.TokenText()
	switch e.tok {
	case scanner.String:
		e.next()
		return term{text: e.unquote(text)}
	case scanner.Int:
		e.next()
		return term{text: text}
	case scanner.Ident:
		return e.attribute()
	case scanner.EOF:
		e.fail("ends too early")
	case '!':
		e.fail("Istio 0.7.1 knows no !; write != in place of ==")
	default:
		e.fail("%q: %w", text, rules.ErrUnsupported)
	}
	return term{}
}

func (e *expression) unquote(text string) string {
	var s string
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		e.fail("%s is not a string", text)
	}
	return s
}

func (e *expression) attribute() term {
	name := e.scan.TokenText()
	for e.next(); e.tok == '.' && e.err == nil && !e.isMethod(); e.next() {
		name += "." + e.scan.TokenText()
	}
	t := term{kind: termKind(name)}
	switch t.kind {
	case sourceService, sourceNamespace, destinationService, destinationNamespace, requestHost, requestMethod,
		requestPath, requestReferer, requestScheme, requestUserAgent, responseCode:
	case sourceLabels, destinationLabels, requestHeaders:
		t.text = e.index(name)
	default:
		e.fail("attribute %s: %w", name, rules.ErrUnsupported)
	}
	return t
}

// index is the key in name["key"].
func (e *expression) index(name string) string {
	if e.tok != '[' {
		e.fail(`%s: want a key, as in %s["app"]`, name, name)
		return ""
	}
	e.next()
	key := e.unquote(e.scan.TokenText())
	if e.next(); e.tok != ']' {
		e.fail("%s: ] is missing", name)
	}
	e.next()
	return key
}
