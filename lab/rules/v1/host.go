package v1

import (
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
)

// rootNamespace is the one whose rules are for the whole mesh.
const rootNamespace = "istio-system"

// fullName is a host that a rule of a namespace names: a word without dots is a service there.
func fullName(host, namespace string) string {
	if strings.Contains(host, ".") || host == "*" {
		return host
	}
	return mesh.Service{Name: mesh.Name{Namespace: namespace, Name: host}}.Host()
}

// covers tells whether a pattern, a host or * and the end of one, matches a host or another
// pattern.
func covers(pattern, host string) bool {
	end, wild := strings.CutPrefix(pattern, "*")
	if !wild {
		return pattern == host
	}
	return strings.HasSuffix(strings.TrimPrefix(host, "*"), end)
}

// exportedTo tells whether a rule is seen in a namespace.
func (r Rule) exportedTo(list []string, namespace string) bool {
	if len(list) == 0 {
		return true
	}
	return slices.ContainsFunc(list, func(e string) bool {
		return e == "*" || e == namespace || e == "." && r.Key.Namespace == namespace
	})
}
