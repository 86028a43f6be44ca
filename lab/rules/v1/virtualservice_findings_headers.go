package v1

import (
	"strings"

	"istio-tutorial/lab/rules"
)

// unsentNotes are about conditions inside the mesh on headers that nobody sends there.
func (i inspector) unsentNotes(r virtualService) []rules.Finding {
	if len(r.Spec.Gateways) > 0 && (len(r.Spec.Gateways) > 1 || !bound(r.Spec)) {
		return nil // requests from outside come by the same conditions
	}
	var list []rules.Finding
	for n, http := range r.Spec.Http {
		for m, match := range http.Match {
			for _, header := range sortedKeys(match.Headers) {
				path := rules.At(rules.At("spec.http", n)+".match", m) + ".headers[" + header + "]"
				if reason := i.unsent(r, header); reason != "" {
					list = append(list, rules.Warn(path, "", "never matches on its way: %s", reason))
				}
			}
		}
	}
	return list
}

// unsent is why a header is at none of a rule's hosts.
func (i inspector) unsent(r virtualService, header string) string {
	reason := ""
	for _, host := range r.Spec.Hosts {
		if reason = rules.Unsent(i.topology, strings.ToLower(fullName(host, r.Key.Namespace)), header); reason == "" {
			return ""
		}
	}
	return reason
}
