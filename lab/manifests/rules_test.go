package manifests_test

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const namespace = "istio-tutorial"

// inFlight is how long a request may take that arrives as the drain ends.
const inFlight = 35 * time.Second

// findings collects what is wrong with the tree.
type findings struct {
	*tree
	list []string
}

func (f *findings) wrong(file, format string, args ...any) {
	f.list = append(f.list, file+": "+fmt.Sprintf(format, args...))
}

func (f *findings) equal(file, what string, got, want any) {
	if fmt.Sprint(got) != fmt.Sprint(want) {
		f.wrong(file, "%s: %v, not %v", what, got, want)
	}
}

// inspect holds the tree against every rule.
func inspect(t *tree) []string {
	f := &findings{tree: t}
	for _, ns := range t.namespaces {
		f.equal(ns.File, "name", ns.Name, namespace)
	}
	for _, w := range t.workloads {
		f.workload(w)
	}
	for _, s := range t.services {
		f.service(s)
	}
	for _, a := range t.accounts {
		f.account(a)
	}
	for _, i := range t.ingresses {
		f.ingress(i)
	}
	f.classicIngress()
	f.versions()
	f.kustomization()
	return f.list
}

func (f *findings) workload(w object[appsv1.Deployment]) {
	d, pod := w.value, w.value.Spec.Template
	app, version := pod.Labels["app"], pod.Labels["version"]
	f.equal(w.File, "namespace", w.Namespace, namespace)
	if w.Name != app && w.Name != app+"-"+version {
		f.wrong(w.File, "name %s: neither the app %s, nor app-version", w.Name, app)
	}
	if version == "" {
		f.wrong(w.File, "no label version")
	}
	labels, program := maps.Clone(pod.Labels), app
	delete(labels, "sidecar.istio.io/inject")
	if app == "legacy" {
		program = "customer" // without a sidecar
	}
	f.equal(w.File, "labels", d.Labels, labels)
	if d.Spec.Selector == nil {
		f.wrong(w.File, "no selector")
	} else {
		f.equal(w.File, "selector", d.Spec.Selector.MatchLabels, labels)
	}
	f.rollout(w)
	f.podSpec(w.File, pod.Spec)
	if len(pod.Spec.Containers) != 1 {
		f.wrong(w.File, "%d containers, not 1", len(pod.Spec.Containers))
		return
	}
	c := pod.Spec.Containers[0]
	f.equal(w.File, "container", c.Name, program)
	f.equal(w.File, "image", c.Image, "istio-tutorial-"+program+":"+version)
	f.equal(w.File, "imagePullPolicy", c.ImagePullPolicy, corev1.PullIfNotPresent)
	f.ports(w.File, c, pod.Annotations)
	f.environment(w.File, c, pod)
	f.probes(w.File, c)
	f.resources(w.File, c.Resources)
	f.restricted(w.File, pod.Spec, c.SecurityContext)
}

func (f *findings) rollout(w object[appsv1.Deployment]) {
	s := w.value.Spec.Strategy
	if s.Type != appsv1.RollingUpdateDeploymentStrategyType || s.RollingUpdate == nil ||
		s.RollingUpdate.MaxUnavailable == nil {
		f.wrong(w.File, "strategy: no rolling update that says maxUnavailable")
		return
	}
	f.equal(w.File, "maxUnavailable", s.RollingUpdate.MaxUnavailable.String(), "0")
}

func (f *findings) podSpec(file string, pod corev1.PodSpec) {
	if !slices.ContainsFunc(f.accounts, func(a object[corev1.ServiceAccount]) bool {
		return a.Name == pod.ServiceAccountName && path.Dir(a.File) == path.Dir(file)
	}) {
		f.wrong(file, "service account %q is not in the folder", pod.ServiceAccountName)
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		f.wrong(file, "automountServiceAccountToken is not false")
	}
	if pod.SecurityContext != nil {
		f.wrong(file, "security context of the pod: it would bind an injected sidecar")
	}
}

func (f *findings) ports(file string, c corev1.Container, annotations map[string]string) {
	numbers := map[string]int32{}
	for _, p := range c.Ports {
		numbers[p.Name] = p.ContainerPort
	}
	f.equal(file, "ports", numbers, map[string]int32{"http": 8080, "prometheus": 9779})
	f.equal(file, "annotations", annotations, map[string]string{
		"prometheus.io/scrape": "true",
		"prometheus.io/port":   strconv.Itoa(int(numbers["prometheus"])),
	})
}

func (f *findings) environment(file string, c corev1.Container, pod corev1.PodTemplateSpec) {
	env := map[string]string{}
	for _, e := range c.Env {
		if _, twice := env[e.Name]; twice {
			f.wrong(file, "%s is set twice", e.Name)
		}
		env[e.Name] = e.Value
	}
	if version, set := env["VERSION"]; set {
		f.equal(file, "VERSION", version, pod.Labels["version"])
	}
	for _, name := range []string{"PREFERENCE_URL", "RECOMMENDATION_URL"} {
		if env[name] != "" {
			f.nextHop(file, name, env[name])
		}
	}
	drain, err := time.ParseDuration(env["DRAIN"])
	if err != nil || drain <= 0 {
		f.wrong(file, "DRAIN: %q", env["DRAIN"])
	}
	if g := pod.Spec.TerminationGracePeriodSeconds; g == nil ||
		time.Duration(*g)*time.Second <= drain+inFlight {
		f.wrong(file, "grace period does not outlast drain %s and requests in flight", drain)
	}
}

func (f *findings) nextHop(file, name, address string) {
	u, err := url.Parse(address)
	if err != nil {
		f.wrong(file, "%s: %v", name, err)
		return
	}
	port, _ := strconv.Atoi(u.Port())
	if _, ok := f.servicePort(u.Hostname(), intstr.FromInt(port)); !ok {
		f.wrong(file, "%s: no service at %s", name, u.Host)
	}
}

func (f *findings) probes(file string, c corev1.Container) {
	for _, p := range []struct {
		name, path string
		probe      *corev1.Probe
	}{
		{"startupProbe", "/health/live", c.StartupProbe},
		{"livenessProbe", "/health/live", c.LivenessProbe},
		{"readinessProbe", "/health/ready", c.ReadinessProbe},
	} {
		if p.probe == nil || p.probe.HTTPGet == nil {
			f.wrong(file, "%s: no httpGet", p.name)
			continue
		}
		f.equal(file, p.name, p.probe.HTTPGet.Path, p.path)
		if !hasPort(c, p.probe.HTTPGet.Port) {
			f.wrong(file, "%s: no port %s", p.name, p.probe.HTTPGet.Port.String())
		}
	}
}

func hasPort(c corev1.Container, port intstr.IntOrString) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool {
		return p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal
	})
}

func (f *findings) resources(file string, r corev1.ResourceRequirements) {
	for name, request := range map[string]bool{
		"cpu":    r.Requests.Cpu().IsZero(),
		"memory": r.Requests.Memory().IsZero(),
	} {
		if request {
			f.wrong(file, "requests no %s", name)
		}
	}
	if r.Limits.Memory().Cmp(*r.Requests.Memory()) < 0 {
		f.wrong(file, "memory limit %s below the request", r.Limits.Memory())
	}
}

// restricted holds what Kubernetes' restricted pod security asks, and a read-only root.
func (f *findings) restricted(file string, pod corev1.PodSpec, s *corev1.SecurityContext) {
	if s == nil {
		f.wrong(file, "no security context")
		return
	}
	no, yes := false, true
	for what, ok := range map[string]bool{
		"runAsNonRoot":             same(s.RunAsNonRoot, yes),
		"runAsUser":                same(s.RunAsUser, 65532),
		"runAsGroup":               same(s.RunAsGroup, 65532),
		"allowPrivilegeEscalation": same(s.AllowPrivilegeEscalation, no),
		"readOnlyRootFilesystem":   same(s.ReadOnlyRootFilesystem, yes),
		"privileged":               s.Privileged == nil,
		"capabilities": s.Capabilities != nil && len(s.Capabilities.Add) == 0 &&
			slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}),
		"seccompProfile": s.SeccompProfile != nil &&
			s.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
		"host namespaces": !pod.HostNetwork && !pod.HostPID && !pod.HostIPC,
		"volumes":         len(pod.Volumes) == 0,
	} {
		if !ok {
			f.wrong(file, "restricted pod security: %s", what)
		}
	}
}

func same[T comparable](p *T, want T) bool { return p != nil && *p == want }

func (f *findings) service(s object[corev1.Service]) {
	f.equal(s.File, "namespace", s.Namespace, namespace)
	f.equal(s.File, "selector", s.value.Spec.Selector, map[string]string{"app": s.Name})
	f.equal(s.File, "labels", s.value.Labels, map[string]string{"app": s.Name})
	if len(s.value.Spec.Ports) != 1 {
		f.wrong(s.File, "%d ports, not 1", len(s.value.Spec.Ports))
		return
	}
	port := s.value.Spec.Ports[0]
	f.equal(s.File, "port", fmt.Sprint(port.Name, port.Port), "http8080")
	selected := f.selected(s.value.Spec.Selector)
	if len(selected) == 0 {
		f.wrong(s.File, "selects no pod")
	}
	for _, pod := range selected {
		if !hasPort(pod.Containers[0], port.TargetPort) {
			f.wrong(s.File, "pods have no port %s", port.TargetPort.String())
		}
	}
}

// selected are the pods with these labels, whatever others they have.
func (f *findings) selected(labels map[string]string) (pods []corev1.PodSpec) {
	for _, w := range f.workloads {
		pod, all := w.value.Spec.Template, true
		for k, v := range labels {
			all = all && pod.Labels[k] == v
		}
		if all && len(pod.Spec.Containers) > 0 {
			pods = append(pods, pod.Spec)
		}
	}
	return pods
}

func (f *findings) servicePort(name string, port intstr.IntOrString) (corev1.ServicePort, bool) {
	for _, s := range f.services {
		for _, p := range s.value.Spec.Ports {
			if s.Name == name && (p.Name == port.StrVal || p.Port == port.IntVal) {
				return p, true
			}
		}
	}
	return corev1.ServicePort{}, false
}

func (f *findings) account(a object[corev1.ServiceAccount]) {
	f.equal(a.File, "namespace", a.Namespace, namespace)
	if !slices.ContainsFunc(f.workloads, func(w object[appsv1.Deployment]) bool {
		return w.value.Spec.Template.Spec.ServiceAccountName == a.Name
	}) {
		f.wrong(a.File, "service account %s is nobody's", a.Name)
	}
}

func (f *findings) ingress(i object[networkingv1.Ingress]) {
	f.equal(i.File, "namespace", i.Namespace, namespace)
	var hosts []string
	for _, rule := range i.value.Spec.Rules {
		hosts = append(hosts, rule.Host)
		for _, p := range rule.HTTP.Paths {
			f.equal(i.File, "path", p.Path+" "+string(*p.PathType), "/ Prefix")
			b := p.Backend.Service
			port := intstr.FromInt32(b.Port.Number)
			if b.Port.Name != "" {
				port = intstr.FromString(b.Port.Name)
			}
			if _, ok := f.servicePort(b.Name, port); !ok {
				f.wrong(i.File, "no service %s with port %s", b.Name, port.String())
			}
		}
	}
	f.equal(i.File, "hosts", hosts, []string{"customer.istio-tutorial.local", ""})
}

// classicIngress holds the classic ingress to say what today's says.
func (f *findings) classicIngress() {
	var today, classic []string
	for _, i := range f.ingresses {
		for _, rule := range i.value.Spec.Rules {
			for _, p := range rule.HTTP.Paths {
				to := fmt.Sprint(p.Backend.Service.Name, p.Backend.Service.Port.Name)
				today = append(today, rule.Host+p.Path+to)
			}
		}
	}
	for _, i := range f.classic {
		for _, rule := range i.value.Spec.Rules {
			for _, p := range rule.HTTP.Paths {
				to := fmt.Sprint(p.Backend.ServiceName, p.Backend.ServicePort.StrVal)
				classic = append(classic, rule.Host+p.Path+to)
			}
		}
	}
	f.equal("ingress/classic", "routes", classic, today)
}

// versions holds recommendation's two deployments to differ in the version alone.
func (f *findings) versions() {
	texts := map[string]string{}
	for _, w := range f.workloads {
		if w.value.Spec.Template.Labels["app"] == "recommendation" {
			data, err := w.JSON()
			if err != nil {
				f.wrong(w.File, "%v", err)
			}
			version := w.value.Spec.Template.Labels["version"]
			texts[version] = strings.ReplaceAll(string(data), "v2", "v1")
		}
	}
	if got := slices.Sorted(maps.Keys(texts)); !slices.Equal(got, []string{"v1", "v2"}) {
		f.wrong("recommendation", "versions %v", got)
	}
	if texts["v1"] != texts["v2"] {
		f.wrong("recommendation", "v1 and v2 differ in more than the version")
	}
}

// kustomization holds it to list the namespace, all of the chain but v2, and the way in.
func (f *findings) kustomization() {
	var want []string
	for file := range f.files {
		folder, _, _ := strings.Cut(file, "/")
		lesson := folder == "egress" || folder == "legacy" || strings.HasSuffix(file, "-v2.yml") ||
			strings.Contains(file, "/classic/")
		if path.Ext(file) == ".yml" && !lesson {
			want = append(want, file)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(f.listed)); !slices.Equal(got, want) {
		f.wrong("kustomization.yaml", "lists %v, not %v", got, want)
	}
	if len(f.listed) > 0 {
		f.equal("kustomization.yaml", "first", f.listed[0], "namespace.yml")
	}
}
