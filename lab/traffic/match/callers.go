package match

import (
	"slices"

	"istio-tutorial/lab/mesh"
)

// isFor reports whether a caller, as a server's proxy names it, is among others.
func isFor(callers mesh.Callers, caller string) bool {
	return slices.ContainsFunc(callers.Workloads, func(w mesh.Name) bool { return w.String() == caller }) ||
		callers.Others && mesh.ParseName(caller).Namespace == ""
}

// Denied is the denial of a server that refused a request of a caller; of several, the first. False: there is
// none for that caller.
func (a Asked) Denied(in mesh.Inbound, caller string) (mesh.Denial, bool) {
	own := slices.DeleteFunc(slices.Clone(in.Denials), func(d mesh.Denial) bool {
		return !isFor(d.Callers, caller) || len(d.From) == 0
	})
	if len(own) == 0 {
		return mesh.Denial{}, false
	}
	// A route may have given the request another path or host than it is known by: then the first.
	return own[max(0, slices.IndexFunc(own, func(d mesh.Denial) bool { return a.MayMeet(d.When) }))], true
}

// Limited is the limit of a server whose tokens a request of a caller did not get; false: there is none.
func (a Asked) Limited(in mesh.Inbound, caller string) (mesh.RateLimit, bool) {
	i := slices.IndexFunc(in.Limits, func(l mesh.RateLimit) bool {
		return isFor(l.Callers, caller) && (len(l.When) == 0 || slices.ContainsFunc(l.When, a.MayMeet))
	})
	if i < 0 {
		return mesh.RateLimit{}, false
	}
	return in.Limits[i], true
}
