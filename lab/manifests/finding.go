package manifests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Finding is what istioctl analyze says of a manifest, whether or not it matters on one machine.
type Finding struct {
	Note
	Code    string // istioctl's, such as IST0107
	Warning bool   // else Info
}

// suppress is istioctl's annotation with the codes that an author does not want to read.
const suppress = "galley.istio.io/analyze-suppress"

// Findings are those about one of some objects.
func (o Object) Findings(all []Object) []Finding {
	i := inspector{Object: o, all: all}
	i.annotations("metadata.annotations", o.Kind, o.annotated)
	switch o.Kind {
	case "Namespace":
		i.injection()
	case "Deployment":
		i.template()
		i.user()
		i.association()
	}
	hidden := strings.Split(o.annotated[suppress], ",")
	return slices.DeleteFunc(i.found, func(f Finding) bool {
		return slices.Contains(hidden, f.Code) || slices.Contains(hidden, "*")
	})
}

type inspector struct {
	Object
	all   []Object
	found []Finding
}

func (i *inspector) info(code, path, format string, args ...any) {
	i.found = append(i.found, Finding{Note: Note{path, fmt.Sprintf(format, args...)}, Code: code})
}

func (i *inspector) warn(code, path, format string, args ...any) {
	i.info(code, path, format, args...)
	i.found[len(i.found)-1].Warning = true
}

const (
	injectionLabel = "istio-injection"
	revisionLabel  = "istio.io/rev"
	dataplaneLabel = "istio.io/dataplane-mode"
)

// injection is about the labels by which a cluster gives a namespace's pods their sidecars.
func (i *inspector) injection() {
	labels, name := i.NamespaceLabels, i.Name
	injection, isLabelled := labels[injectionLabel]
	revision, hasRevision := labels[revisionLabel]
	mode, hasMode := labels[dataplaneLabel]
	var said []string
	add := func(has bool, label, value string) {
		if has {
			said = append(said, label+"="+value)
		}
	}
	add(isLabelled, injectionLabel, injection)
	isOpen := !isLabelled || injection == "enabled"
	add(hasRevision && isOpen, revisionLabel, revision)
	add(hasMode && isOpen, dataplaneLabel, mode)
	switch {
	case name == "istio-system":
		return
	case len(said) > 1:
		i.warn("IST0123", "metadata.labels", "The namespace has more than one type of injection labels %v, which may "+
			"lead to undefined behavior. Make sure only one injection label exists.", said)
	}
	if injection == "" && !hasRevision && mode != "ambient" {
		i.info("IST0102", "metadata.name", "The namespace is not enabled for Istio injection. Run 'kubectl label "+
			"namespace %s istio-injection=enabled' to enable it, or 'kubectl label namespace %s "+
			"istio-injection=disabled' to explicitly mark it as not needing injection.", name, name)
	}
}

// proxyUser is the user of the sidecar on a cluster, whose calls pass it by.
const proxyUser = 1337

func (i *inspector) user() {
	const path = "spec.template.spec"
	tell := func(path string, user *int64) {
		if user != nil && *user == proxyUser {
			i.warn("IST0144", path, "User ID (UID) 1337 is reserved for the sidecar proxy.")
		}
	}
	pod := i.Deployment.source.Spec.Template.Spec
	if c := pod.SecurityContext; c != nil {
		tell(path+".securityContext.runAsUser", c.RunAsUser)
	}
	for n, container := range pod.Containers {
		if c := container.SecurityContext; c != nil {
			tell(at(path+".containers", n)+".securityContext.runAsUser", c.RunAsUser)
		}
	}
}

// association is about services of the same pods that do not agree on a port.
func (i *inspector) association() {
	byPort, byTarget := map[int32]map[string][]string{}, map[string]map[int32]string{}
	for _, o := range i.services() {
		for _, p := range o.ports {
			if byPort[p.Port] == nil {
				byPort[p.Port] = map[string][]string{}
			}
			protocol := string(p.Protocol)
			byPort[p.Port][protocol] = append(byPort[p.Port][protocol], o.name())
			if byTarget[p.TargetPort.String()] == nil {
				byTarget[p.TargetPort.String()] = map[int32]string{}
			}
			byTarget[p.TargetPort.String()][p.Port] = o.name()
		}
	}
	for _, port := range slices.Sorted(maps.Keys(byPort)) {
		if len(byPort[port]) > 1 {
			names := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(byPort[port]))...)))
			i.warn("IST0116", "metadata.name", "This deployment %s is associated with multiple services using port %d "+
				"but different protocols: %v", i.Name, port, names)
		}
	}
	for _, target := range slices.Sorted(maps.Keys(byTarget)) {
		if ports := byTarget[target]; len(ports) > 1 {
			i.warn("IST0137", "metadata.name", "This deployment %s is associated with multiple services %v using "+
				"targetPort %q but different ports: %v.", i.Name, slices.Sorted(maps.Values(ports)), target,
				slices.Sorted(maps.Keys(ports)))
		}
	}
}

// services are those that select the pods, unless these say that they have no sidecar.
func (i *inspector) services() []Object {
	template := i.Deployment.source.Spec.Template
	for _, mark := range []map[string]string{template.Labels, template.Annotations} {
		if value, ok := mark[injectMark]; ok && value != "true" {
			return nil
		}
	}
	var list []Object
	for _, o := range i.all {
		if o.Service != nil && o.Namespace == i.Namespace && len(o.Service.Selector) > 0 &&
			i.Deployment.Labels.Has(o.Service.Selector) {
			list = append(list, o)
		}
	}
	return list
}

func (o Object) name() string { return o.Namespace + "/" + o.Name }
