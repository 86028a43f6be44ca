package classic

import (
	"regexp"
	"strings"
	"time"

	"istio-tutorial/lab/rules"
)

// What follows holds files to the checks of Istio 0.7.1's pilot/pkg/model/validation.go; where
// its words were terse, ours say more.

var (
	dnsLabel  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	labelText = regexp.MustCompile(`^[-A-Za-z0-9_./]*$`)
)

const maxDomain = 255

func isDNSLabel(s string) bool { return len(s) <= 63 && dnsLabel.MatchString(s) }

// reference checks how a rule names a service, if it does.
func (v *validator) reference(path string, r *reference) {
	if r == nil {
		return
	}
	switch {
	case r.Name == "" && r.Service == "":
		v.Fail(path, "name or service is required")
	case r.Name != "" && r.Service != "":
		v.Fail(path, "either name or service, not both")
	case r.Service != "":
		if r.Namespace != "" {
			v.Fail(path+".namespace", "not valid together with service")
		}
		if r.Domain != "" {
			v.Fail(path+".domain", "not valid together with service")
		}
		v.serviceName(path, r)
	default:
		v.label(path+".name", r.Name)
	}
	if r.Namespace != "" {
		v.label(path+".namespace", r.Namespace)
	}
	if r.Domain != "" {
		v.domain(path+".domain", r.Domain)
	}
	v.labels(path+".labels", r.Labels)
}

const dnsLabelWords = "want at most 63 lower-case letters, digits and hyphens"

func (v *validator) label(path, name string) {
	if !isDNSLabel(name) {
		v.Fail(path, "%q is not a valid name: %s", name, dnsLabelWords)
	}
}

// serviceName takes *, *.foo.com and *-bar.foo.com besides host names.
func (v *validator) serviceName(path string, r *reference) {
	rest, wild := strings.CutPrefix(r.Service, "*")
	if wild {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "."), "-")
	}
	if r.Service != "*" {
		v.domain(path+".service", rest)
	}
}

func (v *validator) domain(path, domain string) {
	if len(domain) > maxDomain {
		v.Fail(path, "longer than %d characters", maxDomain)
		return
	}
	for label := range strings.SplitSeq(domain, ".") {
		if !isDNSLabel(label) {
			v.Fail(path, "domain name %q: %q is not a valid label: %s", domain, label, dnsLabelWords)
			return
		}
	}
}

func (v *validator) labels(path string, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		if !labelText.MatchString(key) {
			v.Fail(path, "key %q: want letters, digits and - _ . /", key)
		}
		if !labelText.MatchString(labels[key]) {
			v.Fail(path, "value %q of %s: want letters, digits and - _ . /", labels[key], key)
		}
	}
}

func (v *validator) duration(path string, d *duration) {
	switch {
	case d == nil:
		v.Fail(path, "missing")
	case d.of() < time.Millisecond:
		v.Fail(path, "%s is shorter than 1ms", d.of())
	case d.of() > rules.LongestDuration:
		v.Duration(path, d.of())
	case d.of()%time.Millisecond != 0:
		v.Fail(path, "%s is not a whole number of milliseconds", d.of())
	}
}

func (v *validator) percent(path string, p float64) {
	if p < 0 || p > 100 {
		v.Fail(path, "percentage %v is not in range 0..100", p)
	}
}
