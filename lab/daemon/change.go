package daemon

import (
	"context"
	"slices"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/pick"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

func (l *lab) change(ctx context.Context, c control.Change) ([]objects.Result, error) {
	list, err := objects.Parse(c.Files, c.Namespace, c.Strict)
	if err != nil {
		return nil, err
	}
	if ref, ok := l.objects().Claims(c.Verb, list, l.atStart); ok {
		return []objects.Result{{Ref: ref, Done: "unchanged"}}, nil
	}
	return l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		return s.Change(c.Verb, list, time.Now())
	})
}

// delete deletes what there is of a selection; the error is about the rest.
func (l *lab) delete(ctx context.Context, sel objects.Selection) ([]objects.Result, error) {
	ended, problems := l.deletePods(sel)
	results, err := l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		list, missing := pick.Refs(s, sel)
		next, results, err := s.Remove(list)
		return next, results, objects.Join(missing, err)
	})
	return append(ended, results...), objects.Join(problems, err)
}

// deletePods ends pods; their Deployments make others.
func (l *lab) deletePods(sel objects.Selection) ([]objects.Result, error) {
	picks, err := sel.Picks()
	if err != nil {
		return nil, nil // refs says the same
	}
	var results []objects.Result
	var problems []error
	for _, p := range picks {
		switch {
		case !p.Kind.Running:
			continue
		case p.Kind.Kind != objects.PodKind:
			problems = append(problems, objects.Errorf(objects.Invalid,
				"%s come by themselves, and cannot be deleted", p.Kind))
			continue
		}
		found, missing := pick.Pods(l.pods.Pods(), sel, p)
		problems = append(problems, missing)
		for _, pod := range found {
			if l.pods.Delete(pod.Name) == nil { // else it has just ended by itself
				ref := objects.NewRef(p.Kind, pod.Namespace, pod.Name.Name)
				results = append(results, objects.Result{Ref: ref, Done: "deleted"})
			}
		}
	}
	return results, objects.Join(problems...)
}

// gone returns when nothing is left of the pods among some objects, and in namespaces among them.
func (l *lab) gone(ctx context.Context, refs []objects.Ref) (bool, error) {
	kind, _ := objects.FindKind(objects.PodKind)
	namespace, _ := objects.FindKind("Namespace")
	isMeant := func(p pods.Pod) bool {
		return slices.Contains(refs, objects.NewRef(kind, p.Namespace, p.Name.Name)) ||
			slices.Contains(refs, objects.NewRef(namespace, "", p.Namespace))
	}
	for {
		changed := l.pods.Changed()
		if !slices.ContainsFunc(l.pods.Pods(), isMeant) {
			return true, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

func (l *lab) scale(ctx context.Context, q control.Scale) ([]objects.Result, error) {
	return l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		list, err := pick.Deployments(s, q.Selection)
		if err != nil {
			return s, nil, err
		}
		return s.Scale(list, q.Replicas, q.Current, time.Now())
	})
}

func (l *lab) restart(ctx context.Context, sel objects.Selection) ([]objects.Result, error) {
	return l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		list, err := pick.Deployments(s, sel)
		if err != nil {
			return s, nil, err
		}
		return s.Restart(list, time.Now())
	})
}

func (l *lab) setEnv(ctx context.Context, q control.SetEnv) ([]objects.Result, error) {
	return l.commit(ctx, func(s objects.Set) (objects.Set, []objects.Result, error) {
		list, err := pick.Deployments(s, q.Selection)
		if err != nil {
			return s, nil, err
		}
		return s.SetEnv(list, q.Set, q.Unset, time.Now())
	})
}
