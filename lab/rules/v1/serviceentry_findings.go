package v1

import (
	"slices"
	"strings"

	"istio-tutorial/lab/rules"
)

// samePort tells of the first port of a host that entries, seen by the same clients, have with several
// protocols, in istioctl's words.
func (i inspector) samePort(e serviceEntry) []rules.Finding {
	for _, host := range e.Spec.Hosts {
		for _, p := range e.Spec.Ports {
			for _, scope := range i.scopesOf(e, host) {
				names, protocols := i.havePort(scope, host, p.Number)
				if len(protocols) > 1 {
					return []rules.Finding{rules.Warn("metadata.name", rules.SamePort, "Multiple ServiceEntries "+
						"(%s) define the same host %q and port %d with conflicting protocols (%s).",
						strings.Join(names, ", "), host, p.Number, strings.Join(protocols, ", "))}
				}
			}
		}
	}
	return nil
}

const everywhere = "*"

// entryScopes are the namespaces that see an entry.
func entryScopes(e serviceEntry) []string {
	if len(e.Spec.ExportTo) == 0 || slices.Contains(e.Spec.ExportTo, everywhere) {
		return []string{everywhere}
	}
	var list []string
	for _, scope := range e.Spec.ExportTo {
		if scope == "." {
			scope = e.Key.Namespace
		}
		list = append(list, scope)
	}
	return list
}

// scopesOf are the namespaces in which an entry may meet others of a host: if all see it, those of the
// others.
func (i inspector) scopesOf(e serviceEntry, host string) []string {
	list := entryScopes(e)
	if slices.Contains(list, everywhere) {
		for _, other := range i.naming[host] {
			list = append(list, entryScopes(other)...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// havePort are the entries that a namespace sees with a port of a host, and the protocols of that, both
// sorted.
func (i inspector) havePort(scope, host string, number uint32) (names, protocols []string) {
	for _, e := range i.naming[host] {
		scopes := entryScopes(e)
		if !slices.Contains(scopes, scope) && !slices.Contains(scopes, everywhere) {
			continue
		}
		for _, p := range e.Spec.Ports {
			if p.Number == number {
				names = append(names, e.Key.Path())
				protocols = append(protocols, strings.ToUpper(p.Protocol))
			}
		}
	}
	return sorted(names), sorted(protocols)
}

// sorted has each text once.
func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
