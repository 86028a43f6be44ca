package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
)

const classicKind = "a kind of the rules of 2018, which no Istio of today has; bin/lab convert -f FILE prints today's"

// classicWord refuses a kind of 2018 by the name that was typed.
func classicWord(v verbThere, words []string) error {
	if v.tool != cluster.Kubectl || v.name == "exec" || v.name == "logs" || v.name == "port-forward" {
		return nil
	}
	for i, word := range words {
		if strings.HasPrefix(word, "-") || i > 0 && slices.Contains([]string{"-l", "-o", "-f", "-k", "-p"}, words[i-1]) {
			continue
		}
		kinds, _, _ := strings.Cut(word, "/")
		for name := range strings.SplitSeq(kinds, ",") {
			if kind, err := objects.FindKind(name); err == nil && kind.Type != "" {
				return counsel(name + ": " + classicKind)
			}
		}
		return nil // names come behind it
	}
	return nil
}

// readFiles are files that were read, and perhaps moved to another namespace.
type readFiles struct {
	text io.Reader // nil where the program reads the files itself
	note string
	// elsewhere are the namespaces of objects in others, by resource/name, as kubectl writes them.
	elsewhere map[string]string
}

// move reads files. Those for another namespace become one text, as does what comes by standard input; others are
// left to the program.
func (a *app) move(ctx context.Context, files sources) (readFiles, error) {
	moving := a.namespace != tutorialNamespace
	read, err := a.readThere(ctx, files, moving)
	if err != nil {
		return readFiles{}, err
	}
	var all bytes.Buffer
	result := readFiles{elsewhere: map[string]string{}}
	for _, f := range read {
		if err := a.inspect(f, result.elsewhere); err != nil {
			return readFiles{}, err
		}
		text := f.Data
		if moving {
			if text, err = cluster.Move(f.Name, f.Data, tutorialNamespace, a.namespace); err != nil {
				return readFiles{}, err
			}
		}
		if all.Len() > 0 {
			all.WriteString("\n---\n")
		}
		all.Write(text)
	}
	switch {
	case moving:
		named := strings.Join(append(slices.Clone(files.files), files.folders...), ", ")
		result.text, result.note = &all, "# "+named+", moved from namespace "+tutorialNamespace
	case slices.Contains(files.files, "-"):
		result.text = &all
	}
	return result, nil
}

// readThere reads files as they are, and kustomizations as kubectl makes them. Of those that are not to be moved it
// leaves out what only kubectl need read.
func (a *app) readThere(ctx context.Context, files sources, moving bool) ([]objects.File, error) {
	folders := files.folders
	files.folders = nil
	if !moving {
		folders = nil
		files.files = slices.DeleteFunc(slices.Clone(files.files), isURL)
	}
	var all []objects.File
	for _, folder := range folders {
		text, err := a.tools().Output(ctx, "", cluster.Line{Tool: cluster.Kubectl, Args: []string{"kustomize", folder}})
		if err != nil {
			return nil, err
		}
		all = append(all, objects.File{Name: folder, Data: []byte(text)})
	}
	read, err := files.contents(ctx, a.stdin)
	return append(all, read...), err
}

// inspect refuses the first object of 2018 in a file, and notes those of other namespaces. What is wrong with the
// file otherwise is kubectl's to say.
func (a *app) inspect(f objects.File, elsewhere map[string]string) error {
	docs, err := document.Parse(f.Name, bytes.NewReader(f.Data))
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	for _, d := range docs {
		if strings.HasPrefix(d.APIVersion, "config.istio.io/") {
			return fmt.Errorf("%s:%d: %s: %s", d.File, d.Line, d.Kind, strings.Replace(classicKind, "FILE", d.File, 1))
		}
		if d.Namespace != "" && d.Namespace != a.namespace && d.Namespace != tutorialNamespace {
			elsewhere[resource(d)+"/"+d.Name] = d.Namespace
		}
	}
	return nil
}

// filesIn takes the flags that name files out of words.
func filesIn(words []string) (s sources, rest []string) {
	for i := 0; i < len(words); i++ {
		if words[i] == "--" {
			return s, append(rest, words[i:]...)
		}
		if words[i] == "-R" || words[i] == "--recursive" {
			s.recursive = true
			continue
		}
		list, value, given := s.flag(words[i])
		switch {
		case list == nil:
			rest = append(rest, words[i])
		case given:
			*list = append(*list, value)
		case i+1 < len(words):
			i++
			*list = append(*list, words[i])
		default: // the program says that the value is missing
			rest = append(rest, words[i])
		}
	}
	return s, rest
}

// flag is the list that a word adds to, and what, if the word has it; nil where it is another word.
func (s *sources) flag(word string) (list *[]string, value string, given bool) {
	for _, f := range []struct {
		short, long string
		list        *[]string
	}{{"-f", "--filename", &s.files}, {"-k", "--kustomize", &s.folders}} {
		switch {
		case word == f.short || word == f.long:
			return f.list, "", false
		case strings.HasPrefix(word, f.long+"="):
			return f.list, strings.TrimPrefix(word, f.long+"="), true
		case strings.HasPrefix(word, f.short) && !strings.HasPrefix(word, "--"):
			return f.list, strings.TrimPrefix(strings.TrimPrefix(word, f.short), "="), true
		}
	}
	return nil, "", false
}

// isFile reports whether a word names a file or a folder.
func isFile(word string) bool {
	_, err := os.Stat(word)
	return err == nil || word == "-"
}
