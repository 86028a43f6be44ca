package daemon

import (
	"slices"
	"strings"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// pickPods finds pods, in the order of the names; each must be there.
func (l *lab) pickPods(sel objects.Selection, p objects.Pick) ([]pods.Pod, error) {
	matches, err := sel.Matcher()
	if err != nil {
		return nil, err
	}
	var list []pods.Pod
	var others []string
	for _, pod := range l.pods.Pods() {
		if !sel.Covers(p.Kind, pod.Namespace) || !matches(pod.Labels) {
			continue
		}
		others = append(others, pod.Name.Name)
		if len(p.Names) == 0 || slices.Contains(p.Names, pod.Name.Name) {
			list = append(list, pod)
		}
	}
	return list, objects.Found(p, list, others, func(pod pods.Pod) string { return pod.Name.Name })
}

// podsOf finds the pods that POD, KIND/NAME or a selector mean: at least one.
func (l *lab) podsOf(sel objects.Selection) ([]pods.Pod, error) {
	if len(sel.Args) > 1 {
		return nil, objects.Errorf(objects.Invalid, "name one pod, or KIND/NAME")
	}
	kind, _ := objects.FindKind(objects.PodKind)
	pick := objects.Pick{Kind: kind}
	if len(sel.Args) == 1 {
		picks, err := objects.Selection{Args: []string{asPod(sel.Args[0])}}.Picks()
		if err != nil {
			return nil, err
		}
		pick = picks[0]
	}
	if pick.Kind.Kind != objects.PodKind {
		return l.podsBehind(sel, pick)
	}
	list, err := l.pickPods(sel, pick)
	switch {
	case err != nil && len(pick.Names) == 1 && l.isDeployment(sel.Namespace, pick.Names[0]):
		return nil, objects.Errorf(objects.NotFound, "pods %q not found; did you mean deployment/%[1]s?", pick.Names[0])
	case err == nil && len(list) == 0:
		err = objects.Errorf(objects.NotFound, "no pods found")
	}
	return list, err
}

func (l *lab) isDeployment(namespace, name string) bool {
	return slices.ContainsFunc(l.objects().Deployments(), func(d manifests.Deployment) bool {
		return d.Workload.Name == mesh.Name{Namespace: namespace, Name: name}
	})
}

// asPod makes POD of what is not KIND/NAME.
func asPod(arg string) string {
	if strings.Contains(arg, "/") {
		return arg
	}
	return "pod/" + arg
}

// podsBehind are those of a Deployment or of a Service, the ending ones only if there are no
// others.
func (l *lab) podsBehind(sel objects.Selection, pick objects.Pick) ([]pods.Pod, error) {
	found, err := l.objects().Pick(sel, pick)
	if err != nil {
		return nil, err
	}
	o := found[0]
	var list []pods.Pod
	for _, p := range l.pods.Pods() {
		if isBehind(o, p) {
			list = append(list, p)
		}
	}
	staying := slices.DeleteFunc(slices.Clone(list), func(p pods.Pod) bool {
		return p.Status == pods.Terminating
	})
	switch {
	case len(staying) > 0:
		return staying, nil
	case len(list) == 0:
		return nil, objects.Errorf(objects.NotFound, "%s/%s has no pods", o.Resource, o.Name)
	}
	return list, nil
}

func isBehind(o objects.Object, p pods.Pod) bool {
	switch {
	case o.Manifest == nil:
		return false
	case o.Manifest.Deployment != nil:
		return p.Workload == o.Manifest.Deployment.Workload.Name
	case o.Manifest.Service != nil:
		s := o.Manifest.Service
		return len(s.Selector) > 0 && p.Namespace == s.Namespace && p.Labels.Has(s.Selector)
	default:
		return false
	}
}

// onePod is the pod that is meant, or the first of several.
func (l *lab) onePod(sel objects.Selection) (pods.Pod, error) {
	if len(sel.Args) == 0 {
		return pods.Pod{}, objects.Errorf(objects.Invalid, "name a pod, or KIND/NAME")
	}
	list, err := l.podsOf(sel)
	if err != nil {
		return pods.Pod{}, err
	}
	return list[0], nil
}

// refs are the objects that a selection names, and an error about those that are not there.
func refs(s objects.Set, sel objects.Selection) ([]objects.Ref, error) {
	picks, err := sel.Picks()
	if err != nil {
		return nil, err
	}
	var list []objects.Ref
	var missing []error
	for _, p := range picks {
		if p.Kind.Running {
			continue
		}
		found, err := s.Pick(sel, p)
		missing = append(missing, err)
		for _, o := range found {
			list = append(list, o.Ref)
		}
	}
	return list, objects.Join(missing...)
}

// deployments are those that a selection names, and nothing else.
func deployments(s objects.Set, sel objects.Selection) ([]objects.Ref, error) {
	picks, err := sel.Picks()
	if err != nil {
		return nil, err
	}
	for _, p := range picks {
		if p.Kind.Kind != "Deployment" {
			return nil, objects.Errorf(objects.Invalid, "%s: want deployment/NAME", p.Kind)
		}
	}
	list, err := refs(s, sel)
	if err == nil && len(list) == 0 {
		err = objects.Errorf(objects.NotFound, "no deployments found")
	}
	return list, err
}

func workload(ref objects.Ref) mesh.Name { return mesh.Name{Namespace: ref.Namespace, Name: ref.Name} }
