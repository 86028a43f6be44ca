package v1

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// Findings are what a reader should know about the rules in force, in the order of their keys:
// what istioctl analyze says, with its codes, and what acts less than it says, without.
func Findings(s rules.Set, t mesh.Topology, extensions ...Extension) []rules.Finding {
	r := newResolver(s, t, extensions)
	i := inspector{r, sync.OnceValue(r.rulings)}
	kinds := table()
	return rules.Findings(s, func(r *rules.Rule) []rules.Finding {
		list := i.nowhere(r)
		if list == nil {
			list = kinds.Inspect(i, r)
		}
		for _, e := range extensions {
			list = append(list, e.Inspect(s, t, r)...)
		}
		return append(list, i.beatenRoutes(r)...)
	})
}

type inspector struct {
	*resolver
	ruled func() map[place]ruling // computed once
}

// failed is a finding of level Error.
func failed(path string, code rules.Code, format string, args ...any) rules.Finding {
	return rules.Finding{
		Path: path, Code: code, Level: rules.Error, Text: fmt.Sprintf(format, args...),
	}
}

// nowhere is a rule of a namespace where nothing is.
func (i inspector) nowhere(r *rules.Rule) []rules.Finding {
	here := func(n mesh.Name) bool { return n.Namespace == r.Key.Namespace }
	if r.Key.Namespace == rootNamespace || len(i.topology.Workloads) == 0 ||
		slices.ContainsFunc(i.topology.Workloads, func(w mesh.Workload) bool { return here(w.Name) }) ||
		slices.ContainsFunc(i.topology.Services, func(s mesh.Service) bool { return here(s.Name) }) {
		return nil
	}
	switch r.Spec.(type) {
	case *networking.VirtualService, *networking.Gateway, *networking.ServiceEntry:
		return nil // what they are about may be elsewhere
	case *security.AuthorizationPolicy:
		return nil // istioctl says it
	}
	if !strings.HasSuffix(r.Key.Group, ".istio.io") {
		return nil // extensions know
	}
	return []rules.Finding{rules.Warn("metadata.namespace", "",
		"never acts: nothing runs in namespace %s", r.Key.Namespace)}
}

// isHost reports whether a service or an external host is meant, by its name or by a pattern.
func (r *resolver) isHost(host string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(r.topology.Services, func(s mesh.Service) bool {
		return rules.Covers(host, s.Host())
	}) || slices.ContainsFunc(r.topology.External, func(e mesh.ExternalHost) bool {
		return rules.Covers(host, e.Host)
	})
}
