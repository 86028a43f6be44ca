package manifests

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/mesh"
)

// exportTo is Istio's annotation of who sees a service; ~ is nobody.
const exportTo = "networking.istio.io/exportTo"

func (r *reader) service() {
	var s corev1.Service
	if !r.decode(&s) {
		return
	}
	r.only("spec", s.Spec, slices.Concat([]string{"ports", "selector", "type", "sessionAffinity",
		"ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy", "externalName"}, addressing())...)
	r.oneOf("spec.type", s.Spec.Type, "ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
	r.oneOf("spec.sessionAffinity", s.Spec.SessionAffinity, "None", "ClientIP")
	r.serviceNotes(s.Spec)
	r.labels("metadata.labels", s.Labels)
	r.labels("spec.selector", s.Spec.Selector)
	outside := s.Spec.Type == corev1.ServiceTypeExternalName
	if len(s.Spec.Ports) == 0 && !outside {
		r.fail("spec.ports", "missing")
	}
	r.Service = &mesh.Service{Name: r.name(), Selector: s.Spec.Selector}
	if outside {
		r.externalName(s.Spec)
	} else if s.Spec.ExternalName != "" {
		r.note("spec.externalName", "no effect: the type is not ExternalName")
	}
	r.annotated = s.Annotations
	if list := s.Annotations[exportTo]; list != "" {
		for name := range strings.SplitSeq(list, ",") {
			r.Service.ExportTo = append(r.Service.ExportTo, strings.TrimSpace(name))
		}
	}
	r.servicePorts(s.Spec.Ports)
}

func (r *reader) servicePorts(list []corev1.ServicePort) {
	declared := map[string]bool{}
	for i, p := range list {
		path := at("spec.ports", i)
		if p.Name != "" || len(list) > 1 {
			r.valid(path+".name", p.Name, validation.IsDNS1123Label)
		}
		r.once(path, declared, p.Name, fmt.Sprintf("%d/%s", p.Port, cmp.Or(p.Protocol, "TCP")))
		r.ports = append(r.ports, completed(p))
		if p.Protocol == corev1.ProtocolUDP || p.Protocol == corev1.ProtocolSCTP {
			r.note(path+".protocol", "%s: no effect in the lab: a sidecar passes it by", p.Protocol)
			continue
		}
		r.Service.Ports = append(r.Service.Ports, r.servicePort(path, p))
	}
}

// externalName is another name of a host.
func (r *reader) externalName(s corev1.ServiceSpec) {
	name := strings.TrimSuffix(s.ExternalName, ".")
	if name == "" {
		r.fail("spec.externalName", "missing")
		return
	}
	r.valid("spec.externalName", name, validation.IsDNS1123Subdomain)
	if s.ClusterIP != "" && s.ClusterIP != corev1.ClusterIPNone {
		r.fail("spec.clusterIP", "%q: must be empty with type ExternalName", s.ClusterIP)
	}
	r.Service.External, r.Service.Selector = strings.ToLower(name), nil
}

// completed is a port with what an API server puts where nothing is.
func completed(p corev1.ServicePort) corev1.ServicePort {
	p.Protocol = cmp.Or(p.Protocol, corev1.ProtocolTCP)
	if p.TargetPort == (intstr.IntOrString{}) {
		p.TargetPort = intstr.FromInt32(p.Port)
	}
	return p
}

// addressing are the fields that say at which addresses a cluster serves.
func addressing() []string {
	return []string{"clusterIP", "clusterIPs", "externalIPs", "externalTrafficPolicy",
		"loadBalancerIP", "loadBalancerClass", "loadBalancerSourceRanges",
		"allocateLoadBalancerNodePorts", "healthCheckNodePort", "sessionAffinityConfig",
		"trafficDistribution"}
}

func (r *reader) serviceNotes(s corev1.ServiceSpec) {
	const inside = "%s: in the lab as ClusterIP: from outside, calls come in by the ingress"
	if s.Type == corev1.ServiceTypeNodePort || s.Type == corev1.ServiceTypeLoadBalancer {
		r.note("spec.type", inside, s.Type)
	}
	if s.ClusterIP == corev1.ClusterIPNone {
		r.note("spec.clusterIP", "None: in the lab the sidecar picks the pod; on a cluster the client "+
			"does, by DNS, so that subsets and load balancing do nothing")
	}
	if s.SessionAffinity == corev1.ServiceAffinityClientIP {
		r.note("spec.sessionAffinity", "ClientIP: no effect, as in every mesh: the sidecar picks the "+
			"pod; a DestinationRule's consistentHash does it")
	}
	if len(s.ExternalIPs) > 0 {
		r.note("spec.externalIPs", "no effect in the lab: it serves on loopback")
	}
}

func (r *reader) servicePort(path string, p corev1.ServicePort) mesh.ServicePort {
	r.only(path, p, "name", "port", "targetPort", "protocol", "appProtocol", "nodePort")
	r.oneOf(path+".protocol", p.Protocol, "TCP")
	r.port(path+".port", int64(p.Port))
	port := mesh.ServicePort{Name: p.Name, Number: int(p.Port), Protocol: protocol(p)}
	port.TLS = slices.Contains([]string{"tls", "https"}, protocolName(p))
	if target := p.TargetPort.String(); target != "0" && target != "" {
		port.Target = target
	}
	return port
}

// protocolName is the appProtocol, else the name up to its first hyphen, as in Istio.
func protocolName(p corev1.ServicePort) string {
	name, _, _ := strings.Cut(p.Name, "-")
	if p.AppProtocol != nil {
		name = strings.TrimPrefix(*p.AppProtocol, "kubernetes.io/")
	}
	return strings.ToLower(name)
}

func protocol(p corev1.ServicePort) mesh.Protocol {
	switch protocolName(p) {
	case "http":
		return mesh.HTTP
	case "http2", "h2c", "grpc", "grpc-web":
		return mesh.HTTP2
	case "tcp", "tls", "https", "mongo", "mysql", "redis", "udp", "hbone":
		return mesh.TCP
	default:
		return mesh.Unnamed
	}
}
