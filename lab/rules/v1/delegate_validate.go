package v1

import (
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

// delegate holds a rule without hosts, which can only be a delegate.
func (v *validator) delegate(s *networking.VirtualService) {
	if len(s.Gateways) > 0 {
		v.Fail("spec.gateways", "a delegate, which has no hosts, has no gateways either")
	}
	if len(s.Tls) > 0 {
		v.Fail("spec.tls", "a delegate, which has no hosts, has no tls routes either")
	}
	if len(s.Tcp) > 0 {
		v.Fail("spec.tcp", "a delegate, which has no hosts, has no tcp routes either")
	}
	for i, r := range s.Http {
		if r.Delegate != nil {
			v.Fail(rules.At("spec.http", i)+".delegate", "a delegate, which has no hosts, cannot delegate")
		}
	}
}

// delegating holds a route that delegates.
func (v *validator) delegating(path string, r *networking.HTTPRoute) {
	if len(r.Route) > 0 {
		v.Fail(path+".route", "route and delegate exclude each other")
	}
	if r.Redirect != nil {
		v.Fail(path+".redirect", "redirect and delegate exclude each other")
	}
}

// delegateNotes are about delegates: istioctl says nothing of them, and neither do proxies.
func (i inspector) delegateNotes(r virtualService) []rules.Finding {
	var list []rules.Finding
	if len(r.Spec.Hosts) == 0 && !i.isDelegate(r) {
		list = append(list, rules.Warn("spec", "",
			"never acts: it has no hosts, and no other VirtualService delegates to it"))
	}
	for n, http := range r.Spec.Http {
		if !delegates(http) || len(r.Spec.Hosts) == 0 {
			continue
		}
		path := rules.At("spec.http", n)
		child, problem := delegateOf(i.written, r.Key, http.Delegate)
		if problem != "" {
			list = append(list, rules.Warn(path+".delegate", "", "never acts: %s", problem))
			continue
		}
		for m, own := range child.Spec.Http {
			if _, ok := joinMatches(http.Match, own.Match); !ok {
				list = append(list, rules.Warn(path+".delegate", "",
					"%s of VirtualService %s never acts here: its match is not within the one of %s",
					rules.At("spec.http", m), child.Key.Path(), path))
			}
		}
	}
	return list
}

// isDelegate reports whether any rule delegates to one.
func (i inspector) isDelegate(r virtualService) bool {
	for _, root := range i.written {
		for _, http := range root.Spec.Http {
			if http.Delegate == nil {
				continue
			}
			if child, problem := delegateOf(i.written, root.Key, http.Delegate); problem == "" &&
				child.Key == r.Key {
				return true
			}
		}
	}
	return false
}
