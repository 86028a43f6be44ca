package manifests

import (
	"cmp"
	"slices"
	"strings"

	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/mesh"
)

// Backend is one path of an Ingress, and the service behind it.
type Backend struct {
	mesh.Ingress        // its Port is 0 where the manifest gives the port's name
	PortName     string // "" where it gives the number
}

// ingressRule is a rule of an Ingress of either API version.
type ingressRule struct {
	host  string
	paths []ingressPath
}

type ingressPath struct {
	path, pathType string
	service        field[string]
	port           field[intstr.IntOrString]
}

// field is a value, and what it is called below its path.
type field[T any] struct {
	name  string
	value T
}

func (r *reader) ingress() {
	var i networkingv1.Ingress
	if !r.decode(&i) {
		return
	}
	r.only("spec", i.Spec, "rules", "ingressClassName")
	var rules []ingressRule
	for n, rule := range i.Spec.Rules {
		one := ingressRule{host: rule.Host}
		if rule.HTTP != nil {
			one.paths = pathsOf(n, rule.HTTP.Paths, r.todaysPath)
		}
		rules = append(rules, one)
	}
	r.rules(rules)
}

// pathsOf reads the paths of a rule, each with its place in the file.
func pathsOf[P any](rule int, list []P, read func(place string, p P) ingressPath) []ingressPath {
	var paths []ingressPath
	for n, p := range list {
		paths = append(paths, read(at(at("spec.rules", rule)+".http.paths", n), p))
	}
	return paths
}

func (r *reader) todaysPath(place string, p networkingv1.HTTPIngressPath) ingressPath {
	r.only(place+".backend", p.Backend, "service")
	s := cmp.Or(p.Backend.Service, &networkingv1.IngressServiceBackend{})
	if s.Port.Name != "" && s.Port.Number != 0 {
		r.fail(place+".backend.service.port", "has a name and a number")
	}
	port := intstr.FromInt32(s.Port.Number)
	if s.Port.Name != "" {
		port = intstr.FromString(s.Port.Name)
	}
	kind := networkingv1.PathType("")
	if p.PathType != nil {
		kind = *p.PathType
	}
	return ingressPath{
		path: p.Path, pathType: string(kind),
		service: field[string]{"backend.service.name", s.Name},
		port:    field[intstr.IntOrString]{"backend.service.port", port},
	}
}

// classicIngress reads the Ingress of 2018, whose paths are prefixes.
func (r *reader) classicIngress() {
	var i extensionsv1beta1.Ingress
	if !r.decode(&i) {
		return
	}
	r.only("spec", i.Spec, "rules", "ingressClassName")
	var rules []ingressRule
	for n, rule := range i.Spec.Rules {
		one := ingressRule{host: rule.Host}
		if rule.HTTP != nil {
			one.paths = pathsOf(n, rule.HTTP.Paths, r.classicPath)
		}
		rules = append(rules, one)
	}
	r.rules(rules)
}

func (r *reader) classicPath(place string, p extensionsv1beta1.HTTPIngressPath) ingressPath {
	r.only(place+".backend", p.Backend, "serviceName", "servicePort")
	kind := extensionsv1beta1.PathTypePrefix
	if p.PathType != nil {
		kind = *p.PathType
	}
	return ingressPath{
		path: p.Path, pathType: string(kind),
		service: field[string]{"backend.serviceName", p.Backend.ServiceName},
		port:    field[intstr.IntOrString]{"backend.servicePort", p.Backend.ServicePort},
	}
}

func (r *reader) rules(rules []ingressRule) {
	if len(rules) == 0 {
		r.fail("spec.rules", "missing")
	}
	for n, rule := range rules {
		place := at("spec.rules", n)
		if rule.host != "" {
			r.valid(place+".host", rule.host, validation.IsDNS1123Subdomain)
		}
		if len(rule.paths) == 0 {
			r.fail(place+".http.paths", "missing")
		}
		for m, p := range rule.paths {
			r.Ingress = append(r.Ingress, r.backend(at(place+".http.paths", m), rule.host, p))
		}
	}
}

func (r *reader) backend(place, host string, p ingressPath) Backend {
	b := Backend{Ingress: mesh.Ingress{
		Name:    r.name(),
		Host:    host,
		Path:    cmp.Or(p.path, "/"),
		Exact:   p.pathType == string(networkingv1.PathTypeExact),
		Service: mesh.Name{Namespace: r.Namespace, Name: p.service.value},
	}}
	if !strings.HasPrefix(b.Path, "/") {
		r.fail(place+".path", "%q does not begin with /", b.Path)
	}
	if p.pathType == "" {
		r.fail(place+".pathType", "missing")
	}
	r.oneOf(place+".pathType", p.pathType, "Exact", "Prefix", "ImplementationSpecific")
	r.valid(place+"."+p.service.name, p.service.value, validation.IsDNS1035Label)
	switch port := p.port.value; port.Type {
	case intstr.String:
		r.valid(place+"."+p.port.name, port.StrVal, validation.IsValidPortName)
		b.PortName = port.StrVal
	default:
		r.port(place+"."+p.port.name, int64(port.IntVal))
		b.Port = int(port.IntVal)
	}
	return b
}

// routes are the paths of all Ingresses in the order to try them, as Kubernetes has it: an exact
// path before a prefix, a longer one before a shorter. The port of a service that does not
// exist, or has none of that name, stays 0.
func routes(objects []Object, services []mesh.Service) []mesh.Ingress {
	var list []mesh.Ingress
	for _, o := range objects {
		for _, b := range o.Ingress {
			if b.PortName != "" {
				b.Port = portNumber(services, b.Service, b.PortName)
			}
			list = append(list, b.Ingress)
		}
	}
	slices.SortStableFunc(list, func(a, b mesh.Ingress) int {
		if a.Exact != b.Exact {
			return cmp.Compare(rank(b.Exact), rank(a.Exact))
		}
		return cmp.Compare(len(b.Path), len(a.Path))
	})
	return list
}

func rank(exact bool) int {
	if exact {
		return 1
	}
	return 0
}

func portNumber(services []mesh.Service, name mesh.Name, port string) int {
	for _, s := range services {
		for _, p := range s.Ports {
			if s.Name == name && p.Name == port {
				return p.Number
			}
		}
	}
	return 0
}
