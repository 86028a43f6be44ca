package gatewayapi

import (
	"errors"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/document"
	v1 "istio-tutorial/lab/rules/v1"
)

// Parse reads rules as the API server does, strictly, and names every problem of every document;
// the error is a document.Errors. A rule that names no namespace belongs to the given one.
func Parse(docs []document.Document, namespace string) ([]v1.Rule, error) {
	return document.All(docs, func(doc document.Document) (v1.Rule, document.Errors) {
		return parse(doc, namespace)
	})
}

func parse(doc document.Document, namespace string) (v1.Rule, document.Errors) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k v1.Kind) bool { return k.Has(doc.APIVersion, doc.Kind) })
	if i < 0 {
		problem := doc.Errorf("kind", "%s of %s: not supported by the lab", doc.Kind, doc.APIVersion)
		return v1.Rule{}, document.Errors{problem}
	}
	_, errs := v1.Metadata(doc)
	if len(errs) > 0 {
		return v1.Rule{}, errs
	}
	if doc.Kind == gatewayKind {
		spec, problems := decode(doc, (*validator).gateway)
		return v1.NewRule(doc, kinds[i], namespace, spec), problems
	}
	spec, problems := decode(doc, (*validator).httpRoute)
	if len(problems) == 0 {
		withDefaults(spec)
	}
	return v1.NewRule(doc, kinds[i], namespace, spec), problems
}

// decode validates only what could be decoded: after a wrong type, the rest would be noise.
func decode[S any](doc document.Document, validate func(*validator, *S)) (*S, document.Errors) {
	var whole struct {
		metav1.TypeMeta
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     S                 `json:"spec"`
		Status   any               `json:"status"`
	}
	var problems document.Errors
	if errors.As(doc.Decode(&whole), &problems) {
		return nil, problems
	}
	v := &validator{doc: doc}
	validate(v, &whole.Spec)
	return &whole.Spec, v.errs
}

type validator struct {
	doc  document.Document
	errs document.Errors
}

func (v *validator) fail(path, format string, args ...any) {
	v.errs = append(v.errs, v.doc.Errorf(path, format, args...))
}

// refuse names a field that the lab does not do, if it says anything.
func (v *validator) refuse(path string, value any) {
	if present(value) {
		v.fail(path, "not supported by the lab")
	}
}

func (v *validator) oneOf(path, value string, names ...string) {
	if !slices.Contains(names, value) {
		v.fail(path, "want one of %s, not %q", strings.Join(names, ", "), value)
	}
}

func (v *validator) gateway(g *gateway.GatewaySpec) {
	if class := g.GatewayClassName; strings.HasPrefix(string(class), istioClass+"-") {
		v.fail("spec.gatewayClassName", "%q: not supported by the lab; want %s", class, istioClass)
	}
	v.refuse("spec.infrastructure", g.Infrastructure)
	v.refuse("spec.tls", g.TLS)
	v.refuse("spec.allowedListeners", g.AllowedListeners)
	if len(g.Addresses) > 0 {
		v.refuse("spec.addresses", g.Addresses)
	}
	if len(g.Listeners) == 0 {
		v.fail("spec.listeners", "missing")
	}
	for i, l := range g.Listeners {
		v.listener(at("spec.listeners", i), l, g.Listeners[:i])
	}
}

const istioClass = "istio"

func (v *validator) listener(path string, l gateway.Listener, before []gateway.Listener) {
	v.subdomain(path+".name", string(l.Name))
	v.port(path+".port", l.Port)
	switch l.Protocol {
	case gateway.HTTPProtocolType:
	case "":
		v.fail(path+".protocol", "missing")
	default:
		v.fail(path+".protocol", "%s: not supported by the lab", l.Protocol)
	}
	if l.Hostname != nil {
		v.hostname(path+".hostname", string(*l.Hostname))
	}
	v.refuse(path+".tls", l.TLS)
	for _, other := range before {
		if other.Name == l.Name {
			v.fail(path+".name", "%s given twice", l.Name)
		}
		if other.Port == l.Port && or(other.Hostname, "") == or(l.Hostname, "") {
			v.fail(path, "port and hostname are those of listener %s", other.Name)
		}
	}
	v.allowedRoutes(path+".allowedRoutes", l.AllowedRoutes)
}

func (v *validator) allowedRoutes(path string, a *gateway.AllowedRoutes) {
	if a == nil {
		return
	}
	if len(a.Kinds) > 0 {
		v.refuse(path+".kinds", a.Kinds)
	}
	if a.Namespaces == nil {
		return
	}
	from := or(a.Namespaces.From, gateway.NamespacesFromSame)
	v.oneOf(path+".namespaces.from", string(from), "All", "Selector", "Same")
	if from == gateway.NamespacesFromSelector {
		v.fail(path+".namespaces.from", "Selector: not supported by the lab")
	}
	v.refuse(path+".namespaces.selector", a.Namespaces.Selector)
}
