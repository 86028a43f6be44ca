package lesson

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
	at := strings.LastIndex(path, "/"+ruleFiles)
	if at < 0 {
		return "", nil
	}
	file := path[at+1:]
	names, err := listPages(folder)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went meanwhile
			continue
		case err != nil:
			return "", err
		case !bytes.Contains(data, []byte(file)):
			continue
		}
		page, err := Read(name, data)
		if err == nil && page.loads(file) {
			return filepath.Clean(name), nil
		}
	}
	return "", nil
}

// ruleFiles is where the files are whose pages are worth a hint.
const ruleFiles = "istiofiles/"

func (p Page) loads(file string) bool {
	for _, b := range p.Blocks {
		for _, c := range b.Commands {
			if c.loads(file) {
				return true
			}
		}
	}
	return false
}
