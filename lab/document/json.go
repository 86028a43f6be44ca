package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// FromJSON is the one object of a JSON text, laid out as a reader would write it in YAML. The error
// is an Errors.
func FromJSON(file string, data []byte) (Document, error) {
	plain, err := normal(data)
	if err != nil {
		return Document{}, Errors{{File: file, Cause: err}}
	}
	var root yaml.Node
	if err := yaml.Unmarshal(plain, &root); err != nil {
		return Document{}, Errors{{File: file, Cause: err}}
	}
	layOut(&root)
	text, err := yaml.Marshal(&root)
	if err != nil {
		return Document{}, Errors{{File: file, Cause: err}}
	}
	docs, err := Parse(file, bytes.NewReader(text))
	if err == nil && len(docs) != 1 {
		err = Errors{{File: file, Cause: fmt.Errorf("want one object, not %d", len(docs))}}
	}
	if err != nil {
		return Document{}, err
	}
	return docs[0], nil
}

// normal is JSON as Go writes it, without the escapes that YAML does not know.
func normal(data []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // as they are written
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// layOut writes one field to a line, and quotes only what needs it.
func layOut(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || !isOldBool(n.Value) {
		n.Style = 0
	}
	for _, c := range n.Content {
		layOut(c)
	}
}

// ToJSON is any one YAML value as JSON; file is the name for messages. The error is an Errors.
func ToJSON(file string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes))
	if err != nil {
		return nil, Errors{{File: file, Cause: err}}
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, Errors{syntaxError(file, data, err)}
	}
	if len(root.Content) == 0 {
		return nil, Errors{{File: file, Cause: errors.New("empty")}}
	}
	s := stream{file: file, data: data}
	plain, err := s.plain(root.Content[0])
	if err != nil {
		return nil, err
	}
	return toJSON(plain)
}
