package document

import (
	"bytes"
	"errors"
	"fmt"
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
	switch value := starred(lines, line); {
	case line <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[line-1], " "), []byte("\t")):
		text = "found a tab character that violates indentation"
	case value != "":
		text = fmt.Sprintf("%s begins with *, which YAML takes for a reference: quote it, as in %q", value, value)
	}
	return &Error{File: file, Line: line, Cause: errors.New(text)}
}

// starred is the unquoted value of a line that begins with *, as a host does; "" if there is none.
// The library's own words speak of aliases, or of what did not come after one.
func starred(lines [][]byte, line int) string {
	if line < 1 || line > len(lines) {
		return ""
	}
	m := regexp.MustCompile(`(?:^|[:\-\[,{])\s*(\*[^\s,\]}#]*)`).FindSubmatch(lines[line-1])
	if m == nil {
		return ""
	}
	return string(m[1])
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
