package v1

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

type configPatch = networking.EnvoyFilter_EnvoyConfigObjectPatch

// operations tells in istioctl's words of patches that do nothing, or only if what they are relative to
// is there. It is about those too that the lab itself refuses.
func (v *validator) operations(f *networking.EnvoyFilter) {
	var versioned []string // names of filters that a patch is for, in some versions of the proxy
	for i, p := range f.ConfigPatches {
		path := rules.At("spec.configPatches", i)
		switch v.operation(path, p); {
		case p.Patch == nil:
			return
		case f.Priority != 0 || !isRelative(p):
		case slices.Contains(versioned, patched(p)):
			v.Warn(path, rules.RelativeVersion, "This EnvoyFilter does not have a priority and has a relative patch "+
				"operation (NSTERT_BEFORE/AFTER, REPLACE, MERGE, DELETE) and proxyVersion set which can cause the "+
				"EnvoyFilter not to be applied during an upgrade. Using the INSERT_FIRST or ADD option or setting "+
				"the priority may help in ensuring the EnvoyFilter is applied correctly.")
		default:
			v.Warn(path, rules.Relative, "This EnvoyFilter does not have a priority and has a relative patch "+
				"operation set which can cause the EnvoyFilter not to be applied. Using the INSERT_FIRST of ADD "+
				"option or setting the priority may help in ensuring the EnvoyFilter is applied correctly.")
		}
		if p.GetMatch().GetProxy().GetProxyVersion() != "" {
			versioned = append(versioned, patched(p))
		}
	}
}

// operation is about what a patch may not be applied to.
func (v *validator) operation(path string, p *configPatch) {
	wrong := func(code rules.Code, text string) {
		v.Warn(path, code, "%s", text)
		v.Warnings[len(v.Warnings)-1].Level = rules.Error
	}
	switch p.GetPatch().GetOperation() {
	case networking.EnvoyFilter_Patch_REPLACE:
		if !isReplaceable(p) {
			wrong(rules.WrongReplace, "The REPLACE operation is only valid for HTTP_FILTER and NETWORK_FILTER.")
		}
	case networking.EnvoyFilter_Patch_ADD:
		if isRouted(p) {
			wrong(rules.WrongAdd,
				"The ADD operation will be ignored when applyTo is set to ROUTE_CONFIGURATION, or HTTP_ROUTE.")
		}
	case networking.EnvoyFilter_Patch_REMOVE:
		if isRouted(p) {
			wrong(rules.WrongRemove,
				"The REMOVE operation will be ignored when applyTo is set to ROUTE_CONFIGURATION, or HTTP_ROUTE.")
		}
	}
}

// isRelative reports whether a patch needs something to be there.
func isRelative(p *configPatch) bool {
	switch p.GetPatch().GetOperation() {
	case networking.EnvoyFilter_Patch_INSERT_BEFORE, networking.EnvoyFilter_Patch_INSERT_AFTER:
		return true
	case networking.EnvoyFilter_Patch_REPLACE:
		return isReplaceable(p)
	case networking.EnvoyFilter_Patch_REMOVE:
		return !isRouted(p)
	}
	return false
}

func isReplaceable(p *configPatch) bool {
	return slices.Contains([]networking.EnvoyFilter_ApplyTo{
		networking.EnvoyFilter_HTTP_FILTER, networking.EnvoyFilter_NETWORK_FILTER, networking.EnvoyFilter_VIRTUAL_HOST,
	}, p.ApplyTo)
}

func isRouted(p *configPatch) bool {
	return p.ApplyTo == networking.EnvoyFilter_ROUTE_CONFIGURATION || p.ApplyTo == networking.EnvoyFilter_HTTP_ROUTE
}

// patched is the name of the filter that a patch is about, "" where it says none.
func patched(p *configPatch) string {
	fields := p.GetPatch().GetValue().GetFields()
	if name, ok := fields["name"]; ok {
		return "patch " + name.GetStringValue()
	}
	if fields == nil {
		return ""
	}
	return p.GetMatch().GetListener().GetFilterChain().GetFilter().GetName()
}
