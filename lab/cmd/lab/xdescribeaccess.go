package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

// isAbout reports whether a rule names a Service as its host, destination or parent.
func (w world) isAbout(r control.Row, object map[string]any, s control.Row) bool {
	var hosts []string
	spec, _ := object["spec"].(map[string]any)
	switch r.Kind {
	case "VirtualService":
		for _, h := range listIn(spec, "hosts") {
			hosts = append(hosts, cellOf(h))
		}
	case "DestinationRule":
		hosts = append(hosts, cellOf(spec["host"]))
	case "HTTPRoute":
		for _, p := range listIn(spec, "parentRefs") {
			if parent, _ := p.(map[string]any); cellOr(parent["kind"], "Gateway") == "Service" {
				hosts = append(hosts, cellOf(parent["name"])+"."+cellOr(parent["namespace"], r.Namespace))
			}
		}
	case "RouteRule", "DestinationPolicy":
		destination, _ := spec["destination"].(map[string]any)
		hosts = append(hosts, cellOf(destination["name"]))
	}
	service := mesh.Service{Name: mesh.Name{Namespace: s.Namespace, Name: s.Name}}
	return slices.ContainsFunc(hosts, func(host string) bool {
		return slices.Contains(service.Names(r.Namespace), host) ||
			strings.HasPrefix(host, "*") && strings.HasSuffix(service.Host(), host[1:])
	})
}

// describeAccess tells of the policies of a pod, or of all pods of a Service.
func (w world) describeAccess(say sayer, subject control.Row, labels mesh.Labels) error {
	if subject.Kind != objects.PodKind {
		object, err := objectOf(subject)
		if err != nil {
			return err
		}
		labels = labelsIn(object, "spec", "selector")
	}
	found := access{mode: "PERMISSIVE"}
	for _, r := range w.rules {
		if r.Namespace != subject.Namespace && r.Namespace != "istio-system" {
			continue
		}
		object, err := objectOf(r)
		if err != nil {
			return err
		}
		if selector := labelsIn(object, "spec", "selector", "matchLabels"); labels.Has(selector) {
			found.add(r, object, nearness(r.Namespace, subject.Namespace, selector))
		}
	}
	say(0, "Effective PeerAuthentication:")
	say(1, "Workload mTLS mode: %s", found.mode)
	for _, port := range slices.Sorted(maps.Keys(found.ports)) {
		say(1, "Port %s mTLS mode: %s", port, found.ports[port])
	}
	if len(found.policies) > 0 {
		say(0, "Applied AuthorizationPolicy:")
		say(1, "%s", strings.Join(found.policies, ", "))
	}
	return nil
}

// access is what policies make of a workload.
type access struct {
	mode     string
	rank     int               // nearness of the policy that the mode is of
	ports    map[string]string // modes of ports that have their own
	policies []string
}

// add takes a policy that selects the workload into account.
func (a *access) add(r control.Row, object map[string]any, near int) {
	switch r.Kind {
	case "AuthorizationPolicy":
		action := cmp.Or(fieldText(object, "spec", "action"), "ALLOW")
		a.policies = append(a.policies, fmt.Sprintf("%s (%s)", r.Name, action))
	case "PeerAuthentication":
		mode := fieldText(object, "spec", "mtls", "mode")
		if near == nearest && a.ports == nil { // of several, the oldest
			a.ports = modesOfPorts(object)
		}
		if near > a.rank && mode != "" && mode != "UNSET" {
			a.mode, a.rank = mode, near
		}
	}
}

// modesOfPorts are those that a PeerAuthentication gives to single ports.
func modesOfPorts(object map[string]any) map[string]string {
	modes := map[string]string{}
	ports, _ := below(object, "spec", "portLevelMtls").(map[string]any)
	for port := range ports {
		if mode := fieldText(object, "spec", "portLevelMtls", port, "mode"); mode != "" && mode != "UNSET" {
			modes[port] = mode
		}
	}
	return modes
}

// nearest is the nearness of a policy for the workload itself.
const nearest = 3

// nearness is greater for a policy that comes before others: that of the workload, of its
// namespace, of the mesh.
func nearness(namespace, own string, selector mesh.Labels) int {
	switch {
	case namespace == own && len(selector) > 0:
		return nearest
	case namespace == own:
		return 2
	default:
		return 1
	}
}

// below is what stands below names, nil where there is none.
func below(object map[string]any, names ...string) any {
	var value any = object
	for _, name := range names {
		fields, _ := value.(map[string]any)
		value = fields[name]
	}
	return value
}

func listIn(object map[string]any, names ...string) []any {
	list, _ := below(object, names...).([]any)
	return list
}

func fieldText(object map[string]any, names ...string) string {
	return cellOr(below(object, names...), "")
}

func cellOr(value any, otherwise string) string {
	if value == nil {
		return otherwise
	}
	return cellOf(value)
}

func labelsIn(object map[string]any, names ...string) mesh.Labels {
	labels := mesh.Labels{}
	pairs, _ := below(object, names...).(map[string]any)
	for name, value := range pairs {
		labels[name] = cellOf(value)
	}
	return labels
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
