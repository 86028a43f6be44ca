package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/onlab"
	"istio-tutorial/lab/objects"
)

// hint names the lesson of each file, and what that makes slow before, once in a lab's life. It is of
// use to a reader, and never in the way: without pages there is nothing to say.
func (c *change) hint(ctx context.Context, client *control.Client, files []objects.File) {
	if c.verb == objects.Delete || c.getenv(onlab.HintVariable) == "off" {
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
		path = filepath.ToSlash(path)
		page, err := book.Loading(pages, path)
		if err != nil || page == "" {
			continue
		}
		name := strings.TrimPrefix(page, home+string(filepath.Separator))
		if first, err := client.First(ctx, name); err == nil && first {
			fmt.Fprintln(c.stderr, "see "+name)
		}
		c.hintSlow(ctx, client, pages, path)
	}
}

// hintSlow says how a pod becomes slow, where the rule of a file shows nothing without one.
func (c *change) hintSlow(ctx context.Context, client *control.Client, pages, path string) {
	command, err := book.Slowing(pages, path)
	if err != nil || command == "" {
		return
	}
	tables, err := client.Get(ctx, c.selection([]string{"deployments"}, ""))
	if err != nil || anySlow(rowsOf(tables)) {
		return
	}
	if first, err := client.First(ctx, command); err == nil && first {
		c.advise("no pod is slow yet; to see the rule act, type:", strings.Replace(command, "bin/lab ", c.line(""), 1))
	}
}

func isSlow(c corev1.Container) bool {
	return slices.ContainsFunc(c.Env, func(v corev1.EnvVar) bool { return v.Name == book.SlowVariable })
}

// anySlow reports whether a Deployment has its pods wait before they answer.
func anySlow(deployments []control.Row) bool {
	for _, d := range deployments {
		if containers, err := containersOf(d); err == nil && slices.ContainsFunc(containers, isSlow) {
			return true
		}
	}
	return false
}
