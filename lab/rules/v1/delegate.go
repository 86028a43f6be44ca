package v1

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

// delegated are the rules that have hosts, with the routes of their delegates in place of those that
// delegate. What cannot be joined is left out.
func delegated(all []virtualService) []virtualService {
	var list []virtualService
	for _, rule := range all {
		if len(rule.Spec.Hosts) == 0 {
			continue
		}
		if slices.ContainsFunc(rule.Spec.Http, delegates) {
			rule.Spec = proto.CloneOf(rule.Spec)
			rule.Spec.Http = withDelegates(all, rule)
		}
		list = append(list, rule)
	}
	return list
}

func delegates(r *networking.HTTPRoute) bool { return r.Delegate != nil }

func withDelegates(all []virtualService, root virtualService) []*networking.HTTPRoute {
	var list []*networking.HTTPRoute
	for _, r := range root.Spec.Http {
		if !delegates(r) {
			list = append(list, r)
			continue
		}
		child, problem := delegateOf(all, root.Key, r.Delegate)
		if problem != "" {
			continue
		}
		for _, own := range child.Spec.Http {
			if joined, ok := joinRoute(r, written(own, child.Key.Namespace)); ok {
				list = append(list, joined)
			}
		}
	}
	return list
}

// delegateOf is the rule that is meant, or why it cannot be.
func delegateOf(
	all []virtualService, root rules.Key, d *networking.Delegate,
) (rule virtualService, problem string) {
	key := rules.Key{Namespace: d.Namespace, Name: d.Name}
	if key.Namespace == "" {
		key.Namespace = root.Namespace
	}
	i := slices.IndexFunc(all, func(r virtualService) bool { return r.Key.Path() == key.Path() })
	switch {
	case i < 0:
		return rule, "there is no VirtualService " + key.Path()
	case len(all[i].Spec.Hosts) > 0:
		return rule, "VirtualService " + key.Path() + " has hosts of its own, so it is not a delegate"
	case !exported(all[i].Key, all[i].Spec.ExportTo, root.Namespace):
		return rule, "VirtualService " + key.Path() + " is not exported to namespace " + root.Namespace
	default:
		return all[i], ""
	}
}

// written is a route with its short names as they are meant in its namespace.
func written(r *networking.HTTPRoute, namespace string) *networking.HTTPRoute {
	r = proto.CloneOf(r)
	for _, d := range destinationsOf(&networking.VirtualService{Http: []*networking.HTTPRoute{r}}) {
		d.Host = fullName(d.Host, namespace)
	}
	for _, m := range r.Match {
		for i, name := range m.Gateways {
			if name != meshGateway {
				m.Gateways[i] = fullGateway(name, namespace)
			}
		}
	}
	return r
}

// joinRoute is a delegate's route on the conditions of its root's too, with what only the root
// says. It is false where the two exclude each other.
func joinRoute(root, own *networking.HTTPRoute) (*networking.HTTPRoute, bool) {
	matches, ok := joinMatches(root.Match, own.Match)
	if !ok {
		return nil, false
	}
	out := proto.CloneOf(own)
	out.Match, out.Name = matches, joinName(root.Name, own.Name)
	given := out.ProtoReflect()
	from := root.ProtoReflect()
	for _, name := range []string{
		"rewrite", "direct_response", "timeout", "retries", "fault", "mirror", "mirror_percent",
		"mirror_percentage", "cors_policy", "mirrors", "headers",
	} {
		field := fieldNamed(from, name)
		if !given.Has(field) && from.Has(field) {
			given.Set(field, from.Get(field))
		}
	}
	return out, true
}

func joinName(root, own string) string {
	if root == "" || own == "" {
		return root + own
	}
	return root + "-" + own
}

// joinMatches are the pairs that do not exclude each other. Each of the delegate's must have one.
func joinMatches(root, own []*networking.HTTPMatchRequest) ([]*networking.HTTPMatchRequest, bool) {
	if len(root) == 0 {
		return own, true
	}
	if len(own) == 0 {
		return root, true
	}
	var list []*networking.HTTPMatchRequest
	for _, o := range own {
		before := len(list)
		for _, r := range root {
			if !exclude(r, o) {
				list = append(list, joinMatch(r, o))
			}
		}
		if len(list) == before {
			return nil, false
		}
	}
	return list, true
}

func joinMatch(root, own *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	out := proto.CloneOf(own)
	proto.Merge(out, root)
	proto.Merge(out, own) // who says more has the last word
	out.Gateways = own.Gateways
	if len(own.Gateways) == 0 {
		out.Gateways = root.Gateways
	}
	out.Name, out.IgnoreUriCase = joinName(root.Name, own.Name), own.IgnoreUriCase
	return out
}
