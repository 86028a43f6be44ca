package main

import (
	"cmp"
	"strings"

	"k8s.io/client-go/util/jsonpath"

	"istio-tutorial/lab/control"
)

// customColumn is a column that the reader made.
type customColumn struct {
	title string
	path  *jsonpath.JSONPath
}

// parseColumns reads TITLE:.PATH,TITLE:.PATH.
func parseColumns(text string) ([]customColumn, error) {
	if text == "" {
		return nil, misusef("custom-columns format specified but no custom columns given")
	}
	var columns []customColumn
	for _, pair := range splitOutside(text) {
		title, fields, ok := strings.Cut(pair, ":")
		if !ok || title == "" || fields == "" {
			return nil, misusef("unexpected custom-columns spec: %s, expected <header>:<json-path-expr>", pair)
		}
		path := jsonpath.New(title).AllowMissingKeys(true)
		if err := path.Parse(relaxed(fields)); err != nil {
			return nil, misusef("custom-columns: %s: %w", pair, err)
		}
		columns = append(columns, customColumn{title, path})
	}
	return columns, nil
}

// splitOutside cuts at the commas that are in no brackets or braces.
func splitOutside(text string) (parts []string) {
	depth, begin := 0, 0
	for i, r := range text {
		switch {
		case strings.ContainsRune("[{(", r):
			depth++
		case strings.ContainsRune("]})", r):
			depth--
		case r == ',' && depth == 0:
			parts, begin = append(parts, text[begin:i]), i+1
		}
	}
	return append(parts, text[begin:])
}

// parseColumnFile reads the titles from the first line, and the paths from the second.
func parseColumnFile(text string) ([]customColumn, error) {
	titles, paths, _ := strings.Cut(strings.TrimSpace(text), "\n")
	names, fields := strings.Fields(titles), strings.Fields(paths)
	if len(names) == 0 || len(names) != len(fields) {
		return nil, misusef("custom-columns-file: want a line of titles, and one with a path for each")
	}
	pairs := make([]string, len(names))
	for i, name := range names {
		pairs[i] = name + ":" + fields[i]
	}
	return parseColumns(strings.Join(pairs, ","))
}

// showColumns shows the columns that the reader made.
func (o *output) showColumns(rows []control.Row) error {
	var lines [][]string
	if o.columnPrinter == nil {
		o.columnPrinter = &tablePrinter{w: o.fitted()}
		if !o.noHeaders {
			titles := make([]string, len(o.columns))
			for i, c := range o.columns {
				titles[i] = c.title
			}
			lines = append(lines, titles)
		}
	}
	for _, r := range rows {
		object, err := objectOf(r)
		if err != nil {
			return err
		}
		cells := make([]string, len(o.columns))
		for i, c := range o.columns {
			values, err := fieldOf(c.path, object)
			if err != nil {
				return err
			}
			texts := make([]string, len(values))
			for j, v := range values {
				texts[j] = cellOf(v)
			}
			cells[i] = cmp.Or(strings.Join(texts, ","), "<none>")
		}
		lines = append(lines, cells)
	}
	return o.columnPrinter.print(lines)
}
