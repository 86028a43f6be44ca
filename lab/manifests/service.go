package manifests

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
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
	r.only("spec", s.Spec, "ports", "selector", "type", "sessionAffinity", "ipFamilies",
		"ipFamilyPolicy", "internalTrafficPolicy")
	r.oneOf("spec.type", s.Spec.Type, "ClusterIP")
	r.oneOf("spec.sessionAffinity", s.Spec.SessionAffinity, "None")
	r.labels("metadata.labels", s.Labels)
	r.labels("spec.selector", s.Spec.Selector)
	if len(s.Spec.Ports) == 0 {
		r.fail("spec.ports", "missing")
	}
	r.Service = &mesh.Service{Name: r.name(), Selector: s.Spec.Selector}
	if list := s.Annotations[exportTo]; list != "" {
		for name := range strings.SplitSeq(list, ",") {
			r.Service.ExportTo = append(r.Service.ExportTo, strings.TrimSpace(name))
		}
	}
	declared := map[string]bool{}
	for i, p := range s.Spec.Ports {
		path := at("spec.ports", i)
		if p.Name != "" || len(s.Spec.Ports) > 1 {
			r.valid(path+".name", p.Name, validation.IsDNS1123Label)
		}
		r.once(path, declared, p.Name, strconv.Itoa(int(p.Port)))
		r.Service.Ports = append(r.Service.Ports, r.servicePort(path, p))
	}
}

func (r *reader) servicePort(path string, p corev1.ServicePort) mesh.ServicePort {
	r.only(path, p, "name", "port", "targetPort", "protocol", "appProtocol")
	r.oneOf(path+".protocol", p.Protocol, "TCP")
	r.port(path+".port", int64(p.Port))
	port := mesh.ServicePort{Name: p.Name, Number: int(p.Port), Protocol: protocol(p)}
	if target := p.TargetPort.String(); target != "0" && target != "" {
		port.Target = target
	}
	return port
}

// protocol goes by appProtocol, else by the name up to its first hyphen, as in Istio.
func protocol(p corev1.ServicePort) mesh.Protocol {
	name, _, _ := strings.Cut(p.Name, "-")
	if p.AppProtocol != nil {
		name = strings.TrimPrefix(*p.AppProtocol, "kubernetes.io/")
	}
	switch strings.ToLower(name) {
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
