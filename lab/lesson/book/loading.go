package book

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Loading is the file of the first page of a folder with a command that loads a file, by the end
// of its path; "" if there is none. Only a page that names the file is read as a page.
func Loading(folder, path string) (string, error) {
	page, _, err := firstLoading(folder, path)
	return page, err
}

// Slowing is the command by which the first page that loads a file has made a Deployment slow
// before: one that sets its TIMEOUT. It is "" where that page has none.
func Slowing(folder, path string) (string, error) {
	_, command, err := firstLoading(folder, path)
	return command, err
}

// firstLoading is the first page that loads a file, and what it types before to have a slow pod.
func firstLoading(folder, path string) (name, slowing string, err error) {
	at := strings.LastIndex(path, "/"+ruleFiles)
	if at < 0 {
		return "", "", nil
	}
	file := path[at+1:]
	names, err := listPages(folder)
	if err != nil {
		return "", "", err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went meanwhile
			continue
		case err != nil:
			return "", "", err
		case !bytes.Contains(data, []byte(file)):
			continue
		}
		page, err := Read(name, data)
		if err != nil {
			continue
		}
		if slowing, ok := page.loads(file); ok {
			return filepath.Clean(name), slowing, nil
		}
	}
	return "", "", nil
}

// ruleFiles is where the files are whose pages are worth a hint.
const ruleFiles = "istiofiles/"

// loads reports whether a page loads a file, and the last command before that sets a TIMEOUT.
func (p Page) loads(file string) (slowing string, ok bool) {
	for _, b := range p.Blocks {
		for _, c := range b.Commands {
			switch {
			case c.loads(file):
				return slowing, true
			case index(strings.Fields(c.Text), "bin/lab", "set", "env") == 0:
				slowing = ""
				if strings.Contains(c.Text, " "+SlowVariable+"=") {
					slowing = c.Text
				}
			}
		}
	}
	return "", false
}

// SlowVariable is what has recommendation wait before it answers.
const SlowVariable = "TIMEOUT"
