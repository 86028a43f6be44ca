package document

import (
	"bytes"
	"errors"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntaxError places the YAML library's error. The library counts from 0, from 1 or not at all,
// so the line is that of the shortest beginning of the stream with the same error.
func syntaxError(file string, data []byte, err error) *Error {
	line, text := splitLine(err)
	lines := bytes.SplitAfter(data, []byte("\n"))
	first := max(line, 1)
	line = first + sort.Search(max(len(lines)-first, 0), func(i int) bool {
		_, got := splitLine(firstError(bytes.Join(lines[:first+i], nil)))
		return got == text
	})
	return &Error{File: file, Line: line, Cause: errors.New(text)}
}

func splitLine(err error) (line int, text string) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	return line, text
}

// firstError is io.EOF for a stream without any.
func firstError(data []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); err != nil {
			return err
		}
	}
}
