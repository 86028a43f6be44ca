// Package document reads a YAML stream as Kubernetes objects: every object knows where it
// stands, decodes strictly, and names each problem with its file, line and field.
package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Limits of one stream; what exceeds them is refused before it costs time or memory.
const (
	MaxBytes     = 1 << 20
	MaxDocuments = 1000
	MaxDepth     = 64
	MaxNodes     = 100_000
	MaxKey       = 1024
	MaxExpanded  = 16 << 20 // bytes of all values and of the paths to them, aliases counted
)

// Document is one object of a stream.
type Document struct {
	File       string
	Line       int
	APIVersion string
	Kind       string
	Namespace  string // "" where the object names none
	Name       string // see CheckName

	node *yaml.Node
	json func() ([]byte, error)
	data []byte // of the whole stream
}

// Parse reads all documents of r; file is the name for messages. Empty documents are skipped,
// and a list, such as v1's List or a VirtualServiceList, stands for its items. The error is an
// Errors.
func Parse(file string, r io.Reader) ([]Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, Errors{{File: file, Cause: err}}
	}
	if len(data) > MaxBytes {
		return nil, Errors{{File: file, Cause: fmt.Errorf("larger than %d bytes", MaxBytes)}}
	}
	s := stream{file: file, data: data}
	s.read()
	if len(s.errs) > 0 {
		return nil, untemplated(file, data, s.errs)
	}
	return s.docs, nil
}

type stream struct {
	file string
	data []byte
	docs []Document
	errs Errors
	// Over all documents, so that many small bombs are no better than a big one.
	nodes, bytes int
}

func (s *stream) read() {
	dec := yaml.NewDecoder(bytes.NewReader(s.data))
	for count := 1; ; count++ {
		var root yaml.Node
		err := dec.Decode(&root)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			s.errs = append(s.errs, syntaxError(s.file, s.data, err))
			return
		case count > MaxDocuments:
			s.fail(root.Line, fmt.Errorf("more than %d documents", MaxDocuments))
			return
		}
		node, err := s.plain(root.Content[0])
		if problem, ok := errors.AsType[*Error](err); ok {
			s.errs = append(s.errs, problem)
			continue
		}
		s.add(node)
	}
}

func (s *stream) fail(line int, cause error) {
	s.errs = append(s.errs, &Error{File: s.file, Line: line, Cause: cause})
}

func (s *stream) add(n *yaml.Node) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		s.fail(n.Line, fmt.Errorf("want an object, not %s", describe(n)))
		return
	}
	doc := Document{
		File: s.file, Line: n.Line, node: n, data: s.data,
		json: sync.OnceValues(func() ([]byte, error) { return toJSON(n) }), // all ask for it
	}
	var errs Errors
	doc.APIVersion = doc.text(&errs, "apiVersion")
	doc.Kind = doc.text(&errs, "kind")
	if doc.isList() {
		s.addList(doc, errs)
		return
	}
	doc.Name = doc.name(&errs)
	if doc.Says("metadata.namespace") && !doc.isEmpty("metadata.namespace") {
		doc.Namespace = doc.text(&errs, "metadata", "namespace")
	}
	s.errs = append(s.errs, errs...)
	s.docs = append(s.docs, doc)
}

// isList goes by the items, as kubectl does.
func (d Document) isList() bool {
	items := child(d.node, "items")
	return items != nil && !isNull(items) &&
		(items.Kind == yaml.SequenceNode || strings.HasSuffix(d.Kind, "List"))
}

// addList adds the items. An item of a typed list need not repeat what the list's kind says.
func (s *stream) addList(list Document, errs Errors) {
	s.errs = append(s.errs, errs...)
	items := child(list.node, "items")
	if items.Kind != yaml.SequenceNode {
		s.fail(items.Line, fmt.Errorf("items: want a list, not %s", describe(items)))
		return
	}
	kind := strings.TrimSuffix(list.Kind, "List")
	for _, item := range items.Content {
		if kind != "" && item.Kind == yaml.MappingNode {
			setDefault(item, "apiVersion", list.APIVersion)
			setDefault(item, "kind", kind)
		}
		s.add(item)
	}
}

// name is "" where there is none. YAML's other scalars become text as Istio's reader had it.
func (d Document) name(errs *Errors) string {
	metadata := child(d.node, "metadata")
	if metadata != nil && !isNull(metadata) && metadata.Kind != yaml.MappingNode {
		*errs = append(*errs, d.Errorf("metadata", "want a mapping, not %s", describe(metadata)))
		return ""
	}
	n := child(metadata, "name")
	if n == nil || isNull(n) {
		return ""
	}
	value, err := toScalar(n)
	if err != nil || n.Kind != yaml.ScalarNode {
		return d.text(errs, "metadata", "name")
	}
	return fmt.Sprint(value)
}

// isEmpty reports whether a path has the text "", which of a namespace is none given.
func (d Document) isEmpty(path string) bool {
	n := d.at(path)
	return n != nil && n.Kind == yaml.ScalarNode && n.Value == ""
}

// CheckName refuses a name that is missing or no string, as kubectl does; the error is an Errors.
func (d Document) CheckName() error {
	var errs Errors
	d.text(&errs, "metadata", "name")
	return errs.OrNil()
}

// text is the string at a path that must be there.
func (d Document) text(errs *Errors, path ...string) string {
	n, field := d.node, ""
	for _, key := range path {
		n, field = child(n, key), Join(field, key)
	}
	switch {
	case n == nil || isNull(n) || n.Kind == yaml.ScalarNode && n.Value == "":
		*errs = append(*errs, d.Errorf(field, "missing"))
		return ""
	case shortTag(n) != "!!str":
		*errs = append(*errs, d.Errorf(field, "want a string, not %s", describe(n)))
		return ""
	}
	return n.Value
}

// Errorf is a problem with the field at path, such as spec.route[0].weight. A field that is not
// there takes the line of the nearest parent that is.
func (d Document) Errorf(path, format string, args ...any) *Error {
	return &Error{File: d.File, Line: d.line(path), Field: path, Cause: fmt.Errorf(format, args...)}
}

// JSON is the document as JSON with its keys sorted, for decoders that have their own rules, such as protobuf's.
func (d Document) JSON() ([]byte, error) {
	data, err := d.json()
	if err != nil {
		return nil, d.Errorf("", "%w", err)
	}
	return data, nil
}

// YAML is the document as it reads with aliases resolved, comments kept.
func (d Document) YAML() ([]byte, error) {
	return Marshal(d.node)
}

func toJSON(n *yaml.Node) ([]byte, error) {
	value, err := toValue(n)
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}
