// Package pick finds what a selection means among the objects and the pods of a lab. Errors are
// *objects.Error.
package pick

import (
	"slices"
	"strings"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// Pods are those among all that a pick names, in the order of all; each must be there.
func Pods(all []pods.Pod, sel objects.Selection, p objects.Pick) ([]pods.Pod, error) {
	matches, err := sel.Matcher()
	if err != nil {
		return nil, err
	}
	var list []pods.Pod
	var others []string
	for _, pod := range all {
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

// PodsOf are those among all that POD, KIND/NAME or a selector mean: at least one.
func PodsOf(set objects.Set, all []pods.Pod, sel objects.Selection) ([]pods.Pod, error) {
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
		return podsBehind(set, all, sel, pick)
	}
	list, err := Pods(all, sel, pick)
	switch {
	case err != nil && len(pick.Names) == 1 && isDeployment(set, sel.Namespace, pick.Names[0]):
		return nil, objects.Errorf(objects.NotFound, "pods %q not found; did you mean deployment/%[1]s?", pick.Names[0])
	case err == nil && len(list) == 0:
		err = objects.Errorf(objects.NotFound, "no pods found")
	}
	return list, err
}

func isDeployment(set objects.Set, namespace, name string) bool {
	return slices.ContainsFunc(set.Deployments(), func(d manifests.Deployment) bool {
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
func podsBehind(set objects.Set, all []pods.Pod, sel objects.Selection, pick objects.Pick) ([]pods.Pod, error) {
	found, err := set.Pick(sel, pick)
	if err != nil {
		return nil, err
	}
	o := found[0]
	var list []pods.Pod
	for _, p := range all {
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

// Pod is the one that is meant, or the first of several.
func Pod(set objects.Set, all []pods.Pod, sel objects.Selection) (pods.Pod, error) {
	if len(sel.Args) == 0 {
		return pods.Pod{}, objects.Errorf(objects.Invalid, "name a pod, or KIND/NAME")
	}
	list, err := PodsOf(set, all, sel)
	if err != nil {
		return pods.Pod{}, err
	}
	return list[0], nil
}

// Refs are the objects that a selection names, and an error about those that are not there.
func Refs(s objects.Set, sel objects.Selection) ([]objects.Ref, error) {
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

// Deployments are those that a selection names, and nothing else.
func Deployments(s objects.Set, sel objects.Selection) ([]objects.Ref, error) {
	picks, err := sel.Picks()
	if err != nil {
		return nil, err
	}
	for _, p := range picks {
		if p.Kind.Kind != "Deployment" {
			return nil, objects.Errorf(objects.Invalid, "%s: want deployment/NAME", p.Kind)
		}
	}
	list, err := Refs(s, sel)
	if err == nil && len(list) == 0 {
		err = objects.Errorf(objects.NotFound, "no deployments found")
	}
	return list, err
}
