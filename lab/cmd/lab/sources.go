package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
)

// sources are the files that a verb is to read.
type sources struct {
	files     []string // files, folders, or - for standard input
	folders   []string // with a kustomization
	recursive bool
	channel   string // of the Gateway API's CRDs
	// find is where a file of -f is; nil: at its path.
	find func(path string) (string, error)
}

func (s *sources) declareChannel(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.channel, "channel", string(objects.Experimental),
		"whose fields of the Gateway API to take: experimental, or standard, as most clusters do")
}

// checkChannel is nil for what --channel takes, and where a verb has no such flag.
func (s *sources) checkChannel() error {
	switch objects.Channel(s.channel) {
	case "", objects.Standard, objects.Experimental:
		return nil
	}
	return misusef("--channel=%s: want %s or %s", s.channel, objects.Standard, objects.Experimental)
}

func (s *sources) declare(a *app, cmd *cobra.Command) {
	s.find = a.fileAt
	flags := cmd.Flags()
	// not a list of commas, which a file's name may have
	flags.StringArrayVarP(&s.files, "filename", "f", nil,
		"file, folder, http(s) address, or - for standard input; may be repeated")
	_ = cmd.RegisterFlagCompletionFunc("filename", completeFiles) // the flag is there
	flags.StringArrayVarP(&s.folders, "kustomize", "k", nil, "folder with a kustomization.yaml")
	flags.BoolVarP(&s.recursive, "recursive", "R", false, "read the folders of -f recursively")
	_ = cmd.MarkFlagDirname("kustomize") // the flag is there
}

func (s *sources) given() bool { return len(s.files)+len(s.folders) > 0 }

// read returns the contents, all of the channel.
func (s *sources) read(ctx context.Context, stdin io.Reader) ([]objects.File, error) {
	files, err := s.contents(ctx, stdin)
	if err != nil {
		return nil, err
	}
	return files, objects.Channel(s.channel).Check(files)
}

// contents are in the order of the flags, kustomizations first.
func (s *sources) contents(ctx context.Context, stdin io.Reader) ([]objects.File, error) {
	if err := s.checkChannel(); err != nil {
		return nil, err
	}
	var paths []string
	for _, dir := range s.folders {
		listed, err := manifests.Kustomization(dir)
		if err != nil {
			return nil, err
		}
		paths = append(paths, listed...)
	}
	for _, path := range s.files {
		found, err := s.expand(path)
		if err != nil {
			return nil, err
		}
		paths = append(paths, found...)
	}
	return readAll(ctx, paths, stdin)
}

// expand is the files that a path stands for.
func (s *sources) expand(path string) ([]string, error) {
	if path == "-" || isURL(path) {
		return []string{path}, nil
	}
	if s.find != nil {
		found, err := s.find(path)
		if err != nil {
			return nil, err
		}
		path = found
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	found, err := s.folder(path)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: no file in it ends with .yml, .yaml or .json", path)
	}
	return found, err
}

// folder is the files of a folder that can hold objects.
func (s *sources) folder(path string) (found []string, err error) {
	root := path + string(filepath.Separator) // also where path is a link
	err = filepath.WalkDir(root, func(file string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != root && !s.recursive:
			return filepath.SkipDir
		case entry.IsDir() || !slices.Contains(extensions(), filepath.Ext(file)):
			return nil
		case strings.HasPrefix(entry.Name(), "kustomization."):
			return fmt.Errorf("%s: a kustomization: use -k %s", file, filepath.Dir(file))
		}
		found = append(found, file)
		return nil
	})
	return found, err
}

func readAll(ctx context.Context, paths []string, stdin io.Reader) ([]objects.File, error) {
	files := make([]objects.File, len(paths))
	for i, path := range paths {
		var err error
		files[i], err = unlessDone(ctx, func() (objects.File, error) { return readOne(path, stdin) })
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// unlessDone reads, and ends with ctx also where nothing comes: a pipe into which nobody writes, a terminal
// at which nobody types.
func unlessDone[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	came := make(chan outcome, 1)
	go func() {
		value, err := read()
		came <- outcome{value, err}
	}()
	select {
	case o := <-came:
		return o.value, o.err
	case <-ctx.Done():
		return *new(T), context.Cause(ctx)
	}
}

// readFile is a file that a flag names; longer ones than the lab takes are refused.
func readFile(ctx context.Context, path string) ([]byte, error) {
	file, err := unlessDone(ctx, func() (objects.File, error) { return readOne(path, nil) })
	if err == nil && len(file.Data) > document.MaxBytes {
		err = fmt.Errorf("%s: more than %d bytes", path, document.MaxBytes)
	}
	return file.Data, err
}

func readOne(path string, stdin io.Reader) (objects.File, error) {
	if path == "-" {
		return readFrom("stdin", stdin)
	}
	if isURL(path) {
		return fetch(path)
	}
	file, err := os.Open(path)
	if err != nil {
		return objects.File{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return readFrom(path, file)
}

// readFrom reads a byte more than is allowed, so that the parser refuses it.
func readFrom(name string, r io.Reader) (objects.File, error) {
	data, err := io.ReadAll(io.LimitReader(r, document.MaxBytes+1))
	if err != nil {
		return objects.File{}, fmt.Errorf("%s: %w", name, err)
	}
	return objects.File{Name: name, Data: data}, nil
}
