package v1

import (
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
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

// exported reports whether a rule with a list exportTo is seen in a namespace.
func exported(rule rules.Key, list []string, namespace string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(e string) bool {
		return e == "*" || e == namespace || e == "." && rule.Namespace == namespace
	})
}
