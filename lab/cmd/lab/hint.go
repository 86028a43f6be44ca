package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/objects"
)

// hint names the lesson of each file, once in a lab's life. It is of use to a reader, and never in
// the way: without pages there is nothing to say.
func (c *change) hint(ctx context.Context, client *control.Client, files []objects.File) {
	if c.verb == objects.Delete || c.getenv(lesson.HintVariable) == "off" {
		return
	}
	home, err := c.home()
	if err != nil {
		return
	}
	pages := filepath.Join(home, englishPages)
	for _, f := range files {
		path, err := filepath.Abs(f.Name)
		if err != nil {
			continue
		}
		page, err := lesson.Loading(pages, filepath.ToSlash(path))
		if err != nil || page == "" {
			continue
		}
		name := strings.TrimPrefix(page, home+string(filepath.Separator))
		if first, err := client.First(ctx, name); err == nil && first {
			fmt.Fprintln(c.stderr, "see "+name)
		}
	}
}
