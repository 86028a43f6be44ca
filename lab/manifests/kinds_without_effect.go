package manifests

import (
	"slices"
	"strings"

	"istio-tutorial/lab/document"
)

// inert are kinds that the lab keeps, of the groups whose kinds it knows. They do nothing here.
func inert(group string) []string {
	return map[string][]string{
		"": {"PersistentVolume", "PersistentVolumeClaim", "ResourceQuota",
			"LimitRange", "Endpoints", "Event"},
		"apps":              {},
		"extensions":        {},
		"networking.k8s.io": {"NetworkPolicy", "IngressClass"},
	}[group]
}

// isInert reports whether a document is of a kind that does nothing here: also one of a group that the
// lab does not know. A kind that a known group has not is misspelt.
func isInert(doc document.Document) bool {
	group, version, hasGroup := strings.Cut(doc.APIVersion, "/")
	if !hasGroup {
		group, version = "", group
	}
	switch known := inert(group); {
	case doc.Kind == "" || version == "":
		return false
	case known != nil:
		return slices.Contains(known, doc.Kind)
	default:
		return strings.Contains(group, ".") ||
			slices.Contains([]string{"autoscaling", "batch", "policy"}, group)
	}
}

func (r *reader) keep() {
	r.objectName()
	r.note("", "no effect in the lab: it does nothing with a %s", r.Kind)
}
