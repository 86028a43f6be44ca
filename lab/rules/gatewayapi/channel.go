package gatewayapi

import (
	"regexp"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/rules"
)

// Parse takes what the CRDs of either channel take. Standard and Experimental hold a document of
// this group to those of one; the error is a document.Errors. Of a document that Parse refuses, but
// for the lab's own limits, they say nothing.

// Standard is the channel that has fewer fields.
func Standard(doc document.Document) error {
	return held(doc, func(v *validator, spec any) {
		switch spec := spec.(type) {
		case *gateway.HTTPRouteSpec:
			v.standardRoute(spec)
		case *gateway.GRPCRouteSpec:
			v.standardRoute(shared(spec))
		case *gateway.TLSRouteSpec:
			v.unknown("spec.useDefaultGateways", spec.UseDefaultGateways != "")
		case *gateway.GatewaySpec:
			v.unknown("spec.defaultScope", spec.DefaultScope != "")
		}
	})
}

// Experimental is the channel that looks closer at values.
func Experimental(doc document.Document) error {
	return held(doc, func(v *validator, spec any) {
		switch spec := spec.(type) {
		case *gateway.HTTPRouteSpec:
			v.experimentalRoute(spec)
		case *gateway.GRPCRouteSpec:
			v.experimentalFilters(shared(spec))
		}
	})
}

func held(doc document.Document, hold func(v *validator, spec any)) error {
	rule, errs := parse(doc, "")
	if !rules.OnlyUnsupported(errs) {
		return nil
	}
	v := &validator{rules.Validator{Doc: doc}}
	hold(v, rule.Spec)
	return v.Errs.OrNil()
}

func (v *validator) unknown(path string, isThere bool) {
	if isThere {
		v.Fail(path, "unknown field in the standard channel, only in the experimental one")
	}
}

// standardRoute knows references to one parent by their section alone.
func (v *validator) standardRoute(r *gateway.HTTPRouteSpec) {
	v.unknown("spec.useDefaultGateways", r.UseDefaultGateways != "")
	for i, p := range r.ParentRefs {
		for _, q := range r.ParentRefs[:i] {
			if sameParent(p, q) && or(p.SectionName, "") == or(q.SectionName, "") {
				v.Fail(rules.At("spec.parentRefs", i), "the same parent twice: in the standard channel, "+
					"each needs a sectionName of its own")
			}
		}
	}
	for i, rule := range r.Rules {
		path := rules.At("spec.rules", i)
		v.unknown(path+".retry", rule.Retry != nil)
		v.unknown(path+".sessionPersistence", rule.SessionPersistence != nil)
	}
	eachFilter(r, func(path string, f gateway.HTTPRouteFilter) {
		v.unknown(path+".externalAuth", f.ExternalAuth != nil || f.Type == gateway.HTTPRouteFilterExternalAuth)
	})
}

// eachFilter goes through those of rules and of their backends.
func eachFilter(r *gateway.HTTPRouteSpec, do func(path string, f gateway.HTTPRouteFilter)) {
	all := func(path string, list []gateway.HTTPRouteFilter) {
		for i, f := range list {
			do(rules.At(path+".filters", i), f)
		}
	}
	for i, rule := range r.Rules {
		path := rules.At("spec.rules", i)
		all(path, rule.Filters)
		for n, b := range rule.BackendRefs {
			all(rules.At(path+".backendRefs", n), b.Filters)
		}
	}
}

// experimentalRoute holds names of rules, and the values of headers.
func (v *validator) experimentalRoute(r *gateway.HTTPRouteSpec) {
	v.ruleNames(r)
	for i, rule := range r.Rules {
		for n, m := range rule.Matches {
			path := rules.At(rules.At("spec.rules", i)+".matches", n)
			for k, h := range m.Headers {
				v.visible(rules.At(path+".headers", k), h.Value)
			}
		}
	}
	v.experimentalFilters(r)
}

func (v *validator) experimentalFilters(r *gateway.HTTPRouteSpec) {
	eachFilter(r, func(path string, f gateway.HTTPRouteFilter) {
		v.visibleHeaders(path+".requestHeaderModifier", f.RequestHeaderModifier)
		v.visibleHeaders(path+".responseHeaderModifier", f.ResponseHeaderModifier)
	})
}

// ruleNames holds that each rule has a name of its own, or none.
func (v *validator) ruleNames(r *gateway.HTTPRouteSpec) {
	names := map[string]bool{}
	for i, rule := range r.Rules {
		if rule.Name != nil {
			v.Once(rules.At("spec.rules", i)+".name", string(*rule.Name), names)
		}
	}
}

func (v *validator) visibleHeaders(path string, f *gateway.HTTPHeaderFilter) {
	if f == nil {
		return
	}
	for i, h := range f.Set {
		v.visible(rules.At(path+".set", i), h.Value)
	}
	for i, h := range f.Add {
		v.visible(rules.At(path+".add", i), h.Value)
	}
}

// visible is text of ASCII, with single blanks inside.
func (v *validator) visible(path, value string) {
	if !regexp.MustCompile(`^[!-~]+([\t ]?[!-~]+)*$`).MatchString(value) {
		v.Fail(path+".value", "%s: the experimental channel takes visible ASCII with single blanks alone",
			rules.Quote(value))
	}
}
