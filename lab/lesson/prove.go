package lesson

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"istio-tutorial/lab/lesson/book"
)

// runMutant does a page with a mutation, up to the check that must find it. Nobody looks at what the
// commands print, nor at other checks: the mutation may change all of it. It is found if the
// error is a *Failure.
func (r *Runner) runMutant(ctx context.Context, m book.Mutant, edition string, say func(string)) error {
	if m.Mutation.Field == "" && m.Mutation.IsFile() {
		r.absent = m.Mutation.Of
	}
	for _, b := range m.Blocks {
		if !b.In(edition) {
			continue
		}
		for _, c := range b.Commands {
			if err := r.mutated(ctx, m, c, say); err != nil {
				return err
			}
		}
		err := r.holdMutated(ctx, m, b.Check, say)
		if b.Check == m.Check || err != nil {
			return err
		}
	}
	return errors.New("the check was not reached")
}

// holdMutated does the check that must find the mutation, and those on which it may stand.
func (r *Runner) holdMutated(ctx context.Context, m book.Mutant, c *book.Check, say func(string)) error {
	switch {
	case c == m.Check:
		return r.hold(ctx, m.Page, c, say)
	case c == nil || len(c.FailsWith) > 0 || r.elsewhere(c, say):
		return nil
	}
	if err := r.hold(ctx, m.Page, c, say); err != nil && !isFailure(err) {
		return err
	}
	return nil
}

// mutated runs a command with the mutation. A changed rule must be taken: what the lab refuses is
// found by no check.
func (r *Runner) mutated(ctx context.Context, m book.Mutant, c book.Command, say func(string)) error {
	if r.leavesOut(c, say) {
		return nil
	}
	changed := m.Mutation.Concerns(c)
	c, kept := m.Mutation.Change(c)
	if !kept {
		return nil
	}
	c.Echo(say)
	lines, status, err := r.enter(ctx, m.File, c, say)
	if err == nil && changed && status != 0 && c.Succeeds() {
		err = fmt.Errorf("%v: refused, which proves no check: %s", m, strings.Join(lines, "; "))
	}
	return err
}

// mutatedFolder is a copy of a folder in which one file is changed, by links to all else.
func mutatedFolder(m book.Mutation, root, dir string) error {
	data, err := os.ReadFile(filepath.Join(root, m.Of))
	if err != nil {
		return err
	}
	text, err := m.Apply(string(data))
	if err != nil {
		return fmt.Errorf("%s: %w", m.Of, err)
	}
	parts := strings.Split(filepath.Clean(m.Of), string(filepath.Separator))
	for i, part := range parts {
		at := filepath.Join(parts[:i]...)
		if err := link(filepath.Join(root, at), filepath.Join(dir, at), part); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, m.Of), []byte(text), 0o600)
}

// link fills a folder with links to what another has, but for one name.
func link(from, to, but string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if e.Name() != but {
			errs = append(errs, os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())))
		}
	}
	return errors.Join(errs...)
}
