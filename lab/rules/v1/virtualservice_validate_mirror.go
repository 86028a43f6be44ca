package v1

import (
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

func (v *validator) mirrors(path string, r *networking.HTTPRoute) {
	if r.Mirror != nil && len(r.Mirrors) > 0 {
		v.Fail(path+".mirrors", "mirror and mirrors exclude each other")
	}
	if r.Mirror != nil {
		v.destination(path+".mirror", r.Mirror)
	}
	v.share(path+".mirrorPercentage.value", r.MirrorPercentage)
	if p := r.MirrorPercent; p != nil { //nolint:staticcheck // deprecated, and accepted
		if p.Value > 100 {
			v.Fail(path+".mirrorPercent", "%d is more than 100", p.Value)
		}
		v.schemaWarning(path+".mirrorPercent",
			`using deprecated setting "mirrorPercent", use "mirrorPercentage" instead`)
	}
	for i, m := range r.Mirrors {
		at := rules.At(path+".mirrors", i)
		v.destination(at+".destination", m.Destination)
		v.share(at+".percentage.value", m.Percentage)
	}
}

func (v *validator) share(path string, p *networking.Percent) {
	if n := p.GetValue(); n < 0 || n > 100 {
		v.Fail(path, "%v is not in 0-100", n)
	}
}
