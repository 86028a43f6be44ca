package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/template"

	"k8s.io/client-go/util/jsonpath"
)

// picker prints what an expression picks of an object or of a List.
type picker func(w io.Writer, value any) error

// pickers are the formats that pick fields, by the word before their "=".
func pickers() map[string]func(expression string) (picker, error) {
	return map[string]func(string) (picker, error){
		"jsonpath":         pickByPath,
		"jsonpath-as-json": pickAsJSON,
		"go-template":      pickByTemplate,
		"template":         pickByTemplate,
	}
}

// formats is what -o takes.
const formats = "wide, yaml, json, name, jsonpath={...}, jsonpath-file=FILE, jsonpath-as-json={...}, " +
	"custom-columns=TITLE:.PATH,..., custom-columns-file=FILE, go-template={{...}} or go-template-file=FILE"

// words are -o's, as a shell completes them.
func formatWords() []string {
	return []string{
		"wide", "yaml", "json", "name", "jsonpath=", "jsonpath-file=", "jsonpath-as-json=",
		"custom-columns=", "custom-columns-file=", "go-template=", "go-template-file=",
	}
}

// expression is the format's word, and what follows it, read from a file where the word says so.
func expression(format string) (word, text string, err error) {
	word, text, _ = strings.Cut(format, "=")
	plain, inFile := strings.CutSuffix(word, "-file")
	if !inFile || text == "" {
		return word, text, nil
	}
	data, err := readFile(context.Background(), text)
	return plain, string(data), err
}

func pickByPath(fields string) (picker, error) {
	path := jsonpath.New("output").AllowMissingKeys(true) // kubectl takes one for empty
	return path.Execute, path.Parse(relaxed(fields))
}

// relaxed adds the braces that kubectl lets one leave out.
func relaxed(fields string) string {
	if fields == "" || strings.ContainsAny(fields, "{}") {
		return fields
	}
	return "{." + strings.TrimPrefix(fields, ".") + "}"
}

func pickAsJSON(fields string) (picker, error) {
	path := jsonpath.New("output").AllowMissingKeys(true)
	return func(w io.Writer, value any) error {
		found, err := path.FindResults(value)
		if err != nil {
			return err
		}
		list := []any{}
		for _, results := range found {
			for _, r := range results {
				list = append(list, r.Interface())
			}
		}
		return writeJSON(w, list)
	}, path.Parse(relaxed(fields))
}

func pickByTemplate(text string) (picker, error) {
	t, err := template.New("output").Funcs(template.FuncMap{
		"exists": exists, "base64decode": decodeBase64,
	}).Parse(text)
	return func(w io.Writer, value any) error { return t.Execute(w, value) }, err
}

// exists reports whether fields below one another are there.
func exists(value any, names ...string) bool {
	for _, name := range names {
		fields, _ := value.(map[string]any)
		var there bool
		if value, there = fields[name]; !there {
			return false
		}
	}
	return true
}

func decodeBase64(text string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	return string(data), err
}

// fieldOf are the values at a path, each as kubectl shows it in a column; none where it is missing.
func fieldOf(path *jsonpath.JSONPath, value any) ([]any, error) {
	found, err := path.FindResults(value)
	if err != nil {
		return nil, err
	}
	var list []any
	for _, results := range found {
		for _, r := range results {
			if r.IsValid() && r.CanInterface() && r.Interface() != nil {
				list = append(list, r.Interface())
			}
		}
	}
	return list, nil
}

// cellOf is a value in a column.
func cellOf(value any) string {
	switch value.(type) {
	case map[string]any, []any:
		data, err := json.Marshal(value)
		if err == nil {
			return string(data)
		}
	}
	return fmt.Sprint(value)
}
