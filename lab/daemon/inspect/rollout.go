package inspect

import (
	"context"
	"fmt"
	"iter"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/pick"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// Rollout says, in kubectl's words, how far the Deployments of a selection are, until they are as they should be.
func (l *Lab) Rollout(ctx context.Context, sel objects.Selection) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		list, err := pick.Deployments(l.Objects(), sel)
		if err != nil {
			yield("", err)
			return
		}
		for _, ref := range list {
			if !l.rolledOut(ctx, ref, func(line string) bool { return yield(line, nil) }) {
				return
			}
		}
	}
}

// rolledOut says each new thing about a Deployment, in kubectl's words, and is false when nobody
// wants to hear more.
func (l *Lab) rolledOut(ctx context.Context, ref objects.Ref, say func(string) bool) bool {
	said := ""
	for {
		changed, deleted := l.Pods.Changed(), l.Changed()
		p, ok := l.Pods.Progress(workload(ref))
		if !ok {
			return say(fmt.Sprintf("deployment %q was deleted", ref.Name))
		}
		if p.Done() {
			return say(fmt.Sprintf("deployment %q successfully rolled out", ref.Name))
		}
		line := fmt.Sprintf("Waiting for deployment %q rollout to finish: %s...", ref.Name, waitsFor(p))
		if line != said && !say(line) {
			return false
		}
		said = line
		select {
		case <-changed:
		case <-deleted:
		case <-ctx.Done():
			return false
		}
	}
}

func waitsFor(p pods.Progress) string {
	switch {
	case p.Updated < p.Desired:
		return fmt.Sprintf("%d out of %d new replicas have been updated", p.Updated, p.Desired)
	case p.Total > p.Updated:
		return fmt.Sprintf("%d old replicas are pending termination", p.Total-p.Updated)
	case p.Updated > p.Desired:
		return fmt.Sprintf("%d replicas too many are pending termination", p.Updated-p.Desired)
	}
	text := fmt.Sprintf("%d of %d updated replicas are available", p.Available, p.Desired)
	if p.Reason != "" {
		text += " (" + p.Reason + ")"
	}
	return text
}

// History are the templates of each Deployment of a selection.
func (l *Lab) History(_ context.Context, sel objects.Selection) ([]control.History, error) {
	set := l.Objects()
	list, err := pick.Deployments(set, sel)
	if err != nil {
		return nil, err
	}
	var all []control.History
	for _, ref := range list {
		o, _ := set.Find(ref) // it was found
		all = append(all, control.History{Ref: ref, Templates: o.History()})
	}
	return all, nil
}
