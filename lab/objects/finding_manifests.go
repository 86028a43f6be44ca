package objects

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// istioctls are what istioctl analyze says of a manifest. Who creates it need not read it.
func (s Set) istioctls(o Object, all []manifests.Object) []Finding {
	if o.Manifest == nil {
		return nil
	}
	var list []Finding
	for _, f := range o.Manifest.Findings(all) {
		level := Info
		if f.Warning {
			level = Warning
		}
		one := o.finding(f.Path, level, "%s", f.Text)
		one.Code = f.Code
		list = append(list, one)
	}
	return list
}

// notes are what there is to say about a manifest by itself.
func (s Set) notes(o Object, now time.Time) []Finding {
	if o.Manifest == nil {
		return nil
	}
	var list []Finding
	for _, n := range o.Manifest.Notes {
		list = append(list, o.finding(n.Path, Info, "%s", strings.TrimPrefix(n.Path+": "+n.Text, ": ")))
	}
	if o.Manifest.Deployment != nil {
		for _, text := range s.missingValues(o) {
			list = append(list, o.finding("spec.template.spec.containers[0]", Warning, "%s", text))
		}
	}
	if o.Manifest.Secret != nil {
		list = append(list, o.lapsed(now)...)
	}
	if o.Manifest.Service != nil {
		list = append(list, s.portNotes(o)...)
		if o.Manifest.Service.External != "" && s.isOf2018() {
			list = append(list, o.finding("spec.type", Warning,
				"never answers: with the rules of 2018, the lab leads to no ExternalName"))
		}
	}
	return list
}

// lapsed are about certificates of a Secret that are not valid.
func (o Object) lapsed(now time.Time) []Finding {
	var list []Finding
	said := o.Manifest.Secret.At(now).Lapsed
	for _, key := range slices.Sorted(maps.Keys(said)) {
		list = append(list, o.finding("data", Warning, "the certificate of %s %s", key, said[key]))
	}
	return list
}

func (o Object) finding(path string, level Level, format string, args ...any) Finding {
	return Finding{
		Ref: o.Ref, Origin: o.origin(), File: o.doc.File, Line: o.doc.Errorf(path, "").Line,
		Level: level, Text: fmt.Sprintf(format, args...),
	}
}

// portNotes are about ports whose names say nothing: today Envoy finds out what they speak, in 2018
// they were TCP.
func (s Set) portNotes(o Object) []Finding {
	var list []Finding
	isAlias := o.Manifest.Service.External != ""
	if isAlias && s.isOf2018() {
		return []Finding{o.finding("spec.externalName", Warning, "never acts: in 2018 sidecars knew no Service of "+
			"type ExternalName, so its calls get 404; an EgressRule for %s opens the host", o.Manifest.Service.External)}
	}
	for i, p := range o.Manifest.Service.Ports {
		path := rules.At("spec.ports", i)
		switch {
		case isAlias && (p.Protocol == mesh.Unnamed || p.Name == "tcp"):
			f := o.finding(path, Warning, "Port name for ExternalName service is invalid. Proxy may prevent tcp named "+
				"ports and unmatched traffic for ports serving TCP protocol from being forwarded correctly")
			f.Code = "IST0150"
			list = append(list, f)
		case p.Protocol != mesh.Unnamed:
		case s.isOf2018():
			list = append(list, o.finding(path, Warning, "port %d is not named http, http-…, http2 or "+
				"grpc, so it is TCP: its calls pass, and no rule acts on them", p.Number))
		default:
			f := o.finding(path, Info, "Port name %s (port: %d, targetPort: %s) doesn't follow the naming "+
				"convention of Istio port.", p.Name, p.Number, p.Target)
			f.Code = "IST0118"
			list = append(list, f)
		}
	}
	return list
}

// isOf2018 reports whether the rules of 2018 hold, or their defaults.
func (s Set) isOf2018() bool {
	d := s.edition
	if i := slices.IndexFunc(s.objects, func(o Object) bool { return o.rule != nil }); i >= 0 {
		d = s.objects[i].dialect
	}
	return d == 0
}

// notesOf are the sentences about what was changed.
func (s Set) notesOf(r Result, now time.Time) []string {
	o, _ := s.Find(r.Ref)
	var list []string
	for _, f := range s.notes(o, now) {
		list = append(list, f.Text)
	}
	return list
}
