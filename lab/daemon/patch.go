package daemon

import (
	"context"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/pick"
	"istio-tutorial/lab/objects"
)

func (l *lab) patch(ctx context.Context, q control.PatchQuery) ([]objects.Result, error) {
	return l.rewrite(ctx, q.Selection, func(s objects.Set, list []objects.Ref) (objects.Set, []objects.Result, error) {
		return s.Patch(list, q.Patch, time.Now())
	})
}

func (l *lab) mark(ctx context.Context, q control.MarkQuery) ([]objects.Result, error) {
	return l.rewrite(ctx, q.Selection, func(s objects.Set, list []objects.Ref) (objects.Set, []objects.Result, error) {
		return s.Mark(list, q.Marks, time.Now())
	})
}

// rewrite changes what a selection names; all of it must be there, and have been written.
func (l *lab) rewrite(
	ctx context.Context, sel objects.Selection,
	do func(objects.Set, []objects.Ref) (objects.Set, []objects.Result, error),
) ([]objects.Result, error) {
	if err := onlyWritten(sel); err != nil {
		return nil, err
	}
	return l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		list, err := pick.Refs(s, sel)
		if err == nil && len(list) == 0 {
			err = objects.Errorf(objects.NotFound, "no objects found")
		}
		if err != nil {
			return s, nil, err
		}
		return do(s, list)
	})
}

// onlyWritten refuses kinds that nobody writes.
func onlyWritten(sel objects.Selection) error {
	picks, err := sel.Picks()
	if err != nil {
		return err
	}
	for _, p := range picks {
		switch {
		case p.Kind.Kind == objects.PodKind:
			return objects.Errorf(objects.Invalid, "pods are as their Deployment has them: change that, "+
				"spec.template in it")
		case p.Kind.Running:
			return objects.Errorf(objects.Invalid, "%s come by themselves, and cannot be changed", p.Kind)
		}
	}
	return nil
}

func (l *lab) setImage(ctx context.Context, q control.SetImage) ([]objects.Result, error) {
	return l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		list, err := pick.Deployments(s, q.Selection)
		if err != nil {
			return s, nil, err
		}
		return s.SetImage(list, q.Images, time.Now())
	})
}

func (l *lab) undo(ctx context.Context, q control.UndoQuery) ([]objects.Result, error) {
	return l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		list, err := pick.Deployments(s, q.Selection)
		if err != nil {
			return s, nil, err
		}
		return s.Undo(list, q.Revision, time.Now())
	})
}
