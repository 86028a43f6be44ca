package manifests

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"istio.io/api/annotation"
	"k8s.io/apimachinery/pkg/api/resource"

	"istio-tutorial/lab/document"
)

// annotations are about those of Istio that an object of a kind has, as Istio's own list has them.
func (i *inspector) annotations(path, kind string, set map[string]string) {
	known := annotation.AllResourceAnnotations()
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !isIstios(name) || slices.Contains(unasked(), name) {
			continue
		}
		n := slices.IndexFunc(known, func(a *annotation.Instance) bool { return a.Name == name })
		if n < 0 {
			i.warn("IST0108", document.Join(path, name), "Unknown annotation: %s", name)
			continue
		}
		i.annotation(document.Join(path, name), kind, set[name], known[n])
	}
}

func (i *inspector) annotation(path, kind, value string, a *annotation.Instance) {
	if a.Deprecated {
		i.info("IST0135", path, "Annotation %q has been deprecated%s and may not work in future Istio versions.",
			a.Name, map[string]string{
				annotation.SidecarInject.Name: ` in favor of the "sidecar.istio.io/inject" label`,
			}[a.Name])
	}
	if slices.Contains(a.Resources, annotation.Any) {
		return
	}
	var kinds []string
	for _, r := range a.Resources {
		kinds = append(kinds, r.String())
	}
	if !slices.Contains(kinds, kind) {
		i.warn("IST0107", path, "Misplaced annotation: %s can only be applied to %s", a.Name, strings.Join(kinds, ", "))
	} else if check := checks()[a.Name]; check != nil {
		if err := check(value); err != nil {
			i.warn("IST0125", path, "Invalid annotation %s: %s", a.Name, err)
		}
	}
}

// template is about the annotations of pods, which a cluster's istioctl finds at the pods themselves.
func (i *inspector) template() {
	template := i.Deployment.source.Spec.Template.ObjectMeta
	set := maps.Clone(template.Annotations)
	if _, ok := template.Labels[annotation.SidecarInject.Name]; ok {
		delete(set, annotation.SidecarInject.Name) // with the label, it is there for old versions
	}
	i.annotations("spec.template.metadata.annotations", "Pod", set)
}

func isIstios(name string) bool {
	domain, _, _ := strings.Cut(name, "/")
	return name == "kubernetes.io/ingress.class" || strings.HasSuffix(domain, "istio.io")
}

// unasked are those that Istio sets by itself.
func unasked() []string {
	return []string{
		annotation.SidecarStatus.Name, annotation.GatewayControllerVersion.Name, annotation.IoIstioRev.Name,
	}
}

// checks are of the values that Istio's injection checks, but for proxy.istio.io/config, whose value
// is a document of its own.
func checks() map[string]func(string) error {
	return map[string]func(string) error{
		annotation.SidecarInterceptionMode.Name:                   checkInterception,
		annotation.SidecarStatusPort.Name:                         named("excludeInboundPorts", checkPort),
		annotation.SidecarStatusReadinessInitialDelaySeconds.Name: checkCount,
		annotation.SidecarStatusReadinessPeriodSeconds.Name:       checkCount,
		annotation.SidecarStatusReadinessFailureThreshold.Name:    checkCount,
		annotation.SidecarTrafficIncludeOutboundIPRanges.Name:     orAll(named("includeIPRanges", checkRanges)),
		annotation.SidecarTrafficExcludeOutboundIPRanges.Name:     named("excludeIPRanges", checkRanges),
		annotation.SidecarTrafficIncludeInboundPorts.Name:         orAll(named("includeInboundPorts", checkPorts)),
		annotation.SidecarTrafficExcludeInboundPorts.Name:         named("excludeInboundPorts", checkPorts),
		annotation.SidecarTrafficExcludeOutboundPorts.Name:        named("excludeOutboundPorts", checkPorts),
		annotation.SidecarTrafficExcludeInterfaces.Name:           checkInterfaces,
		annotation.SidecarTrafficKubevirtInterfaces.Name:          checkInterfaces,
		annotation.IoIstioRerouteVirtualInterfaces.Name:           checkInterfaces,
		annotation.PrometheusMergeMetrics.Name:                    checkBool,
		annotation.SidecarProxyCPU.Name:                           checkQuantity,
		annotation.SidecarProxyMemory.Name:                        checkQuantity,
		annotation.SidecarProxyCPULimit.Name:                      checkQuantity,
		annotation.SidecarProxyMemoryLimit.Name:                   checkQuantity,
	}
}

func named(what string, check func(string) error) func(string) error {
	return func(value string) error {
		if err := check(value); err != nil {
			return fmt.Errorf("%s invalid: %w", what, err)
		}
		return nil
	}
}

// orAll takes * too.
func orAll(check func(string) error) func(string) error {
	return func(value string) error {
		if value == "*" {
			return nil
		}
		return check(value)
	}
}

func checkInterception(value string) error {
	if !slices.Contains([]string{"REDIRECT", "TPROXY", "NONE"}, value) {
		return fmt.Errorf("interceptionMode invalid, use REDIRECT,TPROXY,NONE: %s", value)
	}
	return nil
}

func checkCount(value string) error {
	_, err := strconv.ParseUint(value, 10, 32)
	return err
}

func checkBool(value string) error {
	_, err := strconv.ParseBool(value)
	return err
}

func checkPort(value string) error {
	if _, err := strconv.ParseUint(strings.TrimSpace(value), 10, 16); err != nil {
		return fmt.Errorf("failed parsing port '%s': %w", value, err) // Istio's words, here and below
	}
	return nil
}

func checkPorts(value string) error {
	value = strings.TrimSpace(value)
	for port := range strings.SplitSeq(value, ",") {
		if err := checkPort(port); err != nil && value != "" {
			return fmt.Errorf("failed parsing port '%s': %w", port, err)
		}
	}
	return nil
}

func checkRanges(value string) error {
	for cidr := range strings.SplitSeq(value, ",") {
		if _, err := netip.ParsePrefix(cidr); err != nil && value != "" {
			return fmt.Errorf("failed parsing cidr '%s': %w", cidr, err)
		}
	}
	return nil
}

var interfaceName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_.\-]*$`)

const longestInterface = 15

func checkInterfaces(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		switch name = strings.TrimSpace(name); {
		case value == "":
		case name == "":
			return errors.New("empty interface name")
		case len(name) > longestInterface:
			return fmt.Errorf("interface name %q too long (max %d chars)", name, longestInterface)
		case !interfaceName.MatchString(name):
			return fmt.Errorf("interface name %q contains invalid characters", name)
		}
	}
	return nil
}

func checkQuantity(value string) error {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return errors.New("value contains control characters")
	}
	_, err := resource.ParseQuantity(value)
	return err
}
