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

func (i inspector) destinationRuleNotes(r typed[*networking.DestinationRule]) []Finding {
	host := fullName(r.spec.Host, r.Key.Namespace)
	if host != strings.ToLower(host) || !i.isHost(host) {
		return []Finding{plain("spec.host", "never acts: there is no host %s", host)}
	}
	labels := r.spec.GetWorkloadSelector().GetMatchLabels()
	if !slices.ContainsFunc(i.topology.Workloads, func(w mesh.Workload) bool {
		return w.Labels.Has(labels)
	}) {
		return []Finding{plain("spec.workloadSelector",
			"never acts: no pod has %s", mesh.Labels(labels))}
	}
	list := certificateNotes(r)
	service, ok := i.topology.ServiceAt(host)
	for n, s := range r.spec.Subsets {
		if ok && len(service.Ports) > 0 && len(i.topology.Endpoints(mesh.Cluster{
			Host: host, Port: service.Ports[0].Number, Labels: s.Labels,
		})) == 0 {
			list = append(list, coded(at("spec.subsets", n), codeNoPods,
				"The Subset %s defined in the DestinationRule does not select any pods. "+
					"Which may lead to 503 UH (NoHealthyUpstream).", s.Name))
		}
	}
	return list
}

// certificateNotes are istioctl's about servers whose certificate no rule names an authority for.
// Istio takes the system's authorities then.
func certificateNotes(r typed[*networking.DestinationRule]) []Finding {
	const text = "DestinationRule %s in namespace %s has TLS mode set to %s but no caCertificates " +
		"are set to validate server identity for host: %s"
	var list []Finding
	policy, key := r.spec.GetTrafficPolicy(), r.Key
	if mode := policy.GetTls().GetMode(); mode == networking.ClientTLSSettings_SIMPLE {
		list = append(list, warned("spec.trafficPolicy.tls", codeNoAuthority, text,
			key.name(), key.Namespace, mode, r.spec.Host))
	}
	for n, p := range policy.GetPortLevelSettings() {
		if mode := p.GetTls().GetMode(); mode == networking.ClientTLSSettings_SIMPLE {
			list = append(list, warned(at("spec.trafficPolicy.portLevelSettings", n)+".tls",
				codeNoPortAuthority, text+" at port number:%d",
				key.name(), key.Namespace, mode, r.spec.Host, p.GetPort().GetNumber()))
		}
	}
	return list
}

func serviceEntryNotes(s *networking.ServiceEntry) []Finding {
	if len(s.Ports) == 0 {
		return []Finding{plain("spec.ports", "never acts: it has no ports")}
	}
	var list []Finding
	for n, p := range s.Ports {
		if p.Protocol == "TCP" {
			list = append(list, warned(at("spec.ports", n), codeAddresses,
				"ServiceEntry addresses are required for this protocol."))
		}
	}
	return list
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
