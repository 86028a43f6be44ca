package gatewayapi

import (
	"regexp"
	"slices"
	"unicode/utf8"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

func (v *validator) grpcRoute(r *gateway.GRPCRouteSpec) {
	if !v.grpcFilters(r) {
		return // they are not those of an HTTPRoute
	}
	route := shared(r)
	v.httpRoute(route)
	v.ruleNames(route)
	for i, rule := range r.Rules {
		for n, m := range rule.Matches {
			if m.Method != nil {
				v.method(rules.At(rules.At("spec.rules", i)+".matches", n)+".method", *m.Method)
			}
		}
	}
}

// grpcFilters reports whether all filters are of a type that the kind has.
func (v *validator) grpcFilters(r *gateway.GRPCRouteSpec) bool {
	had := len(v.Errs)
	check := func(path string, list []gateway.GRPCRouteFilter) {
		for i, f := range list {
			if !slices.Contains([]gateway.GRPCRouteFilterType{
				gateway.GRPCRouteFilterRequestHeaderModifier, gateway.GRPCRouteFilterResponseHeaderModifier,
				gateway.GRPCRouteFilterRequestMirror, gateway.GRPCRouteFilterExtensionRef,
			}, f.Type) {
				v.Fail(rules.At(path+".filters", i)+".type", "%s is not a filter of a GRPCRoute", rules.Quote(string(f.Type)))
			}
		}
	}
	for i, rule := range r.Rules {
		path := rules.At("spec.rules", i)
		check(path, rule.Filters)
		for n, b := range rule.BackendRefs {
			check(rules.At(path+".backendRefs", n), b.Filters)
		}
	}
	return len(v.Errs) == had
}

// method holds names that are compared as they are, and expressions that Envoy would take.
func (v *validator) method(path string, m gateway.GRPCMethodMatch) {
	how := string(or(m.Type, gateway.GRPCMethodMatchExact))
	v.OneOf(path+".type", how, "Exact", "RegularExpression")
	if m.Service == nil && m.Method == nil {
		v.Fail(path, "want service, method or both")
		return
	}
	for _, part := range []struct {
		field string
		text  *string
		want  string
	}{
		{".service", m.Service, `^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$`},
		{".method", m.Method, `^[A-Za-z_][A-Za-z_0-9]*$`},
	} {
		text := or(part.text, "")
		v.atMost(path+part.field+", characters", utf8.RuneCountInString(text), mostPath)
		if part.text != nil && how == "Exact" && !regexp.MustCompile(part.want).MatchString(text) {
			v.Fail(path+part.field, "%s is not a name of gRPC: want letters, digits and _", rules.Quote(text))
		}
	}
	if kind, expression := methodPath(&m); kind == gateway.PathMatchRegularExpression {
		v.Regex(path, expression)
	}
}
