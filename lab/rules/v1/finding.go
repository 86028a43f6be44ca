package v1

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"istio-tutorial/lab/mesh"
)

// Level is how much a finding matters, as istioctl analyze has it.
type Level string

// The levels.
const (
	Info    Level = "Info"
	Warning Level = "Warning"
	Error   Level = "Error"
)

// Finding is what a reader should know about a rule that was taken.
type Finding struct {
	Key   Key
	Path  string // of the field that is meant; "" is the whole rule
	Code  string // istioctl's, such as IST0101; "" where it has none
	Level Level
	Text  string // a sentence
}

// String is as istioctl analyze prints it.
func (f Finding) String() string {
	if f.Code == "" {
		return fmt.Sprintf("%s (%s) %s", f.Level, f.Key, f.Text)
	}
	return fmt.Sprintf("%s %s (%s) %s", f.Code, f.Level, f.Key, f.Text)
}

// Codes of istioctl's messages.
const (
	codeNotFound         = "IST0101"
	codeConflictingHosts = "IST0109"
	codeUnreachableRule  = "IST0130"
	codeIneffectiveMatch = "IST0131"
	codeSchemaWarning    = "IST0133"
	codeNoPods           = "IST0173"
	codeDeprecated       = "IST0002"
	codeNoWorkloads      = "IST0127"
	codeHostNotInGateway = "IST0132"
	codePortRequired     = "IST0112"
	codeNoAuthority      = "IST0128"
	codeNoPortAuthority  = "IST0129"
	codeAddresses        = "IST0134"
	codeNoSubsetAtEdge   = "IST0140"
	codeRelative         = "IST0151"
)

// Findings are what a reader should know about the rules in force, in the order of their keys:
// what istioctl analyze says, with its codes, and what acts less than it says, without. Rules of
// other packages have none but their own warnings.
func Findings(s Set, t mesh.Topology) []Finding {
	i := inspector{resolver: newResolver(s, t, nil)}
	var list []Finding
	for _, r := range s.Rules() {
		found := append(slices.Clone(r.Warnings), i.inspect(r)...)
		for _, f := range found {
			f.Key = r.Key
			if f.Code == "" || !slices.Contains(r.suppressed, f.Code) {
				list = append(list, f)
			}
		}
	}
	return list
}

type inspector struct{ *resolver }

func (i inspector) inspect(r Rule) []Finding {
	if f := i.nowhere(r); f != nil {
		return f
	}
	switch spec := r.Spec.(type) {
	case *networking.VirtualService:
		return i.virtualServiceNotes(typed[*networking.VirtualService]{r, spec})
	case *networking.DestinationRule:
		return i.destinationRuleNotes(typed[*networking.DestinationRule]{r, spec})
	case *networking.Gateway:
		return i.gatewayNotes(typed[*networking.Gateway]{r, spec})
	case *networking.ServiceEntry:
		return serviceEntryNotes(spec)
	case *networking.EnvoyFilter:
		return i.envoyFilterNotes(typed[*networking.EnvoyFilter]{r, spec})
	case *networking.Sidecar:
		return sole(i, typed[*networking.Sidecar]{r, spec}, i.sidecars, sidecarChoice)
	case *telemetry.Telemetry:
		return sole(i, typed[*telemetry.Telemetry]{r, spec}, i.telemetries, telemetryChoice)
	case *security.PeerAuthentication:
		return i.nobody(r, "spec.selector", spec.GetSelector().GetMatchLabels())
	case *security.AuthorizationPolicy:
		return i.accessNotes(typed[*security.AuthorizationPolicy]{r, spec})
	default:
		return nil
	}
}

func plain(path, format string, args ...any) Finding {
	return Finding{Path: path, Level: Warning, Text: fmt.Sprintf(format, args...)}
}

func warned(path, code, format string, args ...any) Finding {
	return Finding{Path: path, Code: code, Level: Warning, Text: fmt.Sprintf(format, args...)}
}

func coded(path, code, format string, args ...any) Finding {
	return Finding{Path: path, Code: code, Level: Error, Text: fmt.Sprintf(format, args...)}
}

// nowhere is a rule of a namespace where nothing is.
func (i inspector) nowhere(r Rule) []Finding {
	here := func(n mesh.Name) bool { return n.Namespace == r.Key.Namespace }
	if r.Key.Namespace == rootNamespace || len(i.topology.Workloads) == 0 ||
		slices.ContainsFunc(i.topology.Workloads, func(w mesh.Workload) bool { return here(w.Name) }) ||
		slices.ContainsFunc(i.topology.Services, func(s mesh.Service) bool { return here(s.Name) }) {
		return nil
	}
	switch r.Spec.(type) {
	case *networking.VirtualService, *networking.Gateway:
		return nil // what they are about may be elsewhere
	}
	return []Finding{plain("metadata.namespace",
		"never acts: nothing runs in namespace %s", r.Key.Namespace)}
}

// isUnread tells whether a host is an external one without a port that speaks HTTP.
func (i inspector) isUnread(host string) bool {
	found := false
	for _, e := range i.topology.External {
		if e.Host != host {
			continue
		}
		if e.Protocol != mesh.TCP {
			return false
		}
		found = true
	}
	return found
}

// isHost tells whether a service or an external host is meant, by its name or by a pattern.
func (i inspector) isHost(host string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(i.topology.Services, func(s mesh.Service) bool {
		return covers(host, s.Host())
	}) || slices.ContainsFunc(i.topology.External, func(e mesh.ExternalHost) bool {
		return covers(host, e.Host)
	})
}
