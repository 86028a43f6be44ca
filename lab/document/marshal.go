package document

import (
	"bytes"
	"errors"

	"go.yaml.in/yaml/v3"
)

// Marshal is a value as YAML as kubectl prints it: two blanks for each level, and none before the dashes of a list.
func Marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	err := errors.Join(encoder.Encode(value), encoder.Close())
	return out.Bytes(), err
}
