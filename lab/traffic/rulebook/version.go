package rulebook

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/match"
)

// Version is what was in force for a time.
type Version struct {
	// Begun is when the proxy was told of it, and Taken when it had taken it.
	Begun, Taken time.Time
	Mesh         mesh.Mesh
	// Find is the rule behind something; false where none says it. Required.
	Find func(Question) (Rule, bool)
	// Of2018 says that the defaults of 0.7.1 hold, not today's.
	Of2018 bool
	// Unready are the pods that no call is to go to, and how they are: "is starting".
	Unready map[mesh.Name]string
	// Rules are all that were in force.
	Rules []Rule

	choices map[looked]match.Choice // of calls that came already; Versions guards it
}

// named is the instance whose NAMESPACE/NAME a text is, if there is one.
func (v *Version) named(text string) *mesh.Instance {
	for i := range v.Mesh.Instances {
		if v.Mesh.Instances[i].Name.Is(text) {
			return &v.Mesh.Instances[i]
		}
	}
	return nil
}

// Workload is the name of a pod's, the pod as NAMESPACE/NAME; "": there is no such pod.
func (v *Version) Workload(pod string) string {
	if i := v.named(pod); i != nil {
		return i.Workload.Name
	}
	return ""
}

// Instance is the first whose name is that, in whatever namespace.
func (v *Version) Instance(pod string) (mesh.Instance, bool) {
	for i := range v.Mesh.Instances {
		if v.Mesh.Instances[i].Name.Name == pod {
			return v.Mesh.Instances[i], true
		}
	}
	return mesh.Instance{}, false
}

// Client is the workload of a proxy's pod; without a namespace, the ingress.
func (v *Version) Client(pod string) mesh.Name {
	if i := v.named(pod); i != nil {
		return i.Workload
	}
	return mesh.Name{Name: pod}
}

func (v *Version) outbound(pod string) mesh.Outbound {
	if !strings.Contains(pod, "/") {
		return v.Mesh.Gateway
	}
	s, _ := v.Mesh.SidecarOf(v.Client(pod))
	return s.Outbound
}

// Inbound is what the proxy of a pod does with calls; false: there is no such pod.
func (v *Version) Inbound(pod mesh.Name) (mesh.Inbound, bool) {
	for _, i := range v.Mesh.Instances {
		if i.Name == pod {
			s, _ := v.Mesh.SidecarOf(i.Workload)
			return s.Inbound, true
		}
	}
	return mesh.Inbound{}, false
}

// LeadsTo reports whether a pod, as NAMESPACE/NAME, is one of a cluster's.
func (v *Version) LeadsTo(c mesh.Cluster, pod string) bool {
	return slices.ContainsFunc(v.Mesh.Endpoints(c), func(e mesh.Endpoint) bool { return e.Instance.Name.Is(pod) })
}

// Ready are the pods of a cluster that may be asked.
func (v *Version) Ready(c mesh.Cluster) []mesh.Endpoint {
	return slices.DeleteFunc(v.Mesh.Endpoints(c), func(e mesh.Endpoint) bool { return !e.Instance.Ready })
}

// State is how a pod is that no call is to go to.
func (v *Version) State(pod mesh.Name) string {
	if how := v.Unready[pod]; how != "" {
		return how
	}
	return "is not ready"
}

// IsProxyPort reports whether a sidecar listens at a port.
func (v *Version) IsProxyPort(port int) bool {
	return slices.ContainsFunc(v.Mesh.Instances, func(i mesh.Instance) bool {
		_, at, err := net.SplitHostPort(i.Proxy)
		return err == nil && at == strconv.Itoa(port)
	})
}

// IsInside tells names that cannot be those of hosts outside.
func (v *Version) IsInside(host string) bool {
	if !strings.Contains(host, ".") || strings.HasSuffix(host, "."+mesh.Domain) {
		return true
	}
	_, rest, _ := strings.Cut(host, ".")
	namespace, _, _ := strings.Cut(rest, ".")
	return slices.ContainsFunc(v.Mesh.Services, func(s mesh.Service) bool { return s.Namespace == namespace })
}
