package manifests

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/mesh"
)

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func (r *reader) container(path string, c corev1.Container) {
	r.only(path, c, "name", "image", "command", "args", "env", "ports", "startupProbe",
		"livenessProbe", "readinessProbe", "imagePullPolicy", "resources", "securityContext",
		"volumeMounts", "terminationMessagePath", "terminationMessagePolicy", "stdin", "stdinOnce",
		"tty", "lifecycle", "resizePolicy")
	if l := c.Lifecycle; l != nil {
		r.lifecycle(path+".lifecycle", *l)
	}
	r.valid(path+".name", c.Name, validation.IsDNS1123Label)
	if c.Image == "" {
		r.fail(path+".image", "missing")
	}
	r.literal(path+".command", c.Command...)
	r.literal(path+".args", c.Args...)
	r.Deployment.Container = mesh.Container{
		Name:    c.Name,
		Image:   c.Image,
		Command: c.Command,
		Args:    c.Args,
		Env:     r.environment(path+".env", c.Env),
		Ports:   r.containerPorts(path+".ports", c.Ports),
	}
	r.Deployment.Container.Startup = r.probe(path+".startupProbe", c.StartupProbe, 1)
	r.Deployment.Container.Liveness = r.probe(path+".livenessProbe", c.LivenessProbe, 1)
	r.Deployment.Container.Readiness = r.probe(path+".readinessProbe", c.ReadinessProbe, 1000)
}

// lifecycle has nothing to follow it: a pod ends when its sidecar has stopped calling it.
func (r *reader) lifecycle(path string, l corev1.Lifecycle) {
	if l.PreStop != nil {
		r.note(path+".preStop", "no effect in the lab: a pod ends when no call can come any more")
	}
	if l.PostStart != nil {
		r.fail(path+".postStart", "the lab runs the image's program alone")
	}
}

// literal refuses what Kubernetes would expand.
func (r *reader) literal(path string, values ...string) {
	for _, value := range values {
		if strings.Contains(value, "$(") {
			r.fail(path, "%q: the lab does not expand $(NAME)", value)
		}
	}
}

func (r *reader) environment(path string, env []corev1.EnvVar) []mesh.EnvVar {
	var list []mesh.EnvVar
	declared := map[string]bool{}
	for i, e := range env {
		place := at(path, i)
		r.valid(place+".name", e.Name, validation.IsRelaxedEnvVarName)
		r.literal(place+".value", e.Value)
		v := mesh.EnvVar{Name: e.Name, Value: e.Value}
		if e.ValueFrom != nil {
			v.Value, v.Field = r.field(place+".valueFrom", *e.ValueFrom)
		}
		r.once(place+".name", declared, e.Name)
		list = append(list, v)
	}
	return list
}

// field is the value of one of the pod's own fields, or its name where each pod has its own.
func (r *reader) field(path string, from corev1.EnvVarSource) (value, field string) {
	r.only(path, from, "fieldRef")
	if from.FieldRef == nil {
		return "", ""
	}
	path += ".fieldRef.fieldPath"
	switch field := from.FieldRef.FieldPath; field {
	case "metadata.name":
		return "", field
	case "status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs":
		return "", "status.podIP" // all share one machine
	case "spec.nodeName":
		return "lab", ""
	case "metadata.namespace":
		return r.Namespace, ""
	case "spec.serviceAccountName":
		return r.Deployment.ServiceAccount, ""
	default:
		if value, ok := r.mark(field); ok {
			return value, ""
		}
		r.fail(path, "the lab does not know the field %q", field)
		return "", ""
	}
}

// mark is the value of metadata.labels['NAME'] or metadata.annotations['NAME']; "" without one.
func (r *reader) mark(field string) (value string, ok bool) {
	template := r.Deployment.source.Spec.Template
	for kind, all := range map[string]map[string]string{
		"labels": template.Labels, "annotations": template.Annotations,
	} {
		name, found := strings.CutPrefix(field, "metadata."+kind+"['")
		if name, closed := strings.CutSuffix(name, "']"); found && closed {
			return all[name], true
		}
	}
	return "", false
}

func (r *reader) containerPorts(path string, ports []corev1.ContainerPort) []mesh.ContainerPort {
	var list []mesh.ContainerPort
	declared := map[string]bool{}
	for i, p := range ports {
		place := at(path, i)
		r.only(place, p, "name", "containerPort", "protocol", "hostPort", "hostIP")
		if p.HostPort != 0 {
			r.note(place+".hostPort", "no effect in the lab: a pod's program listens on a free port")
		}
		r.oneOf(place+".protocol", p.Protocol, "TCP")
		r.port(place+".containerPort", int64(p.ContainerPort))
		if p.Name != "" {
			r.valid(place+".name", p.Name, validation.IsValidPortName)
		}
		r.once(place, declared, p.Name, strconv.Itoa(int(p.ContainerPort)))
		list = append(list, mesh.ContainerPort{Name: p.Name, Number: int(p.ContainerPort)})
	}
	return list
}

// probe fills in Kubernetes' defaults; nil is no probe. most is the limit of successThreshold.
func (r *reader) probe(path string, p *corev1.Probe, most int32) *mesh.Probe {
	if p == nil {
		return nil
	}
	r.only(path, *p, "httpGet", "initialDelaySeconds", "periodSeconds", "timeoutSeconds",
		"failureThreshold", "successThreshold")
	if p.HTTPGet == nil {
		r.fail(path, "the lab probes with httpGet only")
		return nil
	}
	r.only(path+".httpGet", *p.HTTPGet, "path", "port", "scheme")
	r.oneOf(path+".httpGet.scheme", p.HTTPGet.Scheme, "HTTP")
	r.probePort(path+".httpGet.port", p.HTTPGet.Port)
	return &mesh.Probe{
		Path:      "/" + strings.TrimPrefix(p.HTTPGet.Path, "/"),
		Port:      p.HTTPGet.Port.String(),
		Delay:     r.seconds(path, count{"initialDelaySeconds", p.InitialDelaySeconds, 0, 3600}),
		Period:    r.seconds(path, count{"periodSeconds", cmp.Or(p.PeriodSeconds, 10), 1, 3600}),
		Timeout:   r.seconds(path, count{"timeoutSeconds", cmp.Or(p.TimeoutSeconds, 1), 1, 3600}),
		Failures:  r.count(path, count{"failureThreshold", cmp.Or(p.FailureThreshold, 3), 1, 1000}),
		Successes: r.count(path, count{"successThreshold", cmp.Or(p.SuccessThreshold, 1), 1, most}),
	}
}

// count is a whole number in a field, and its range.
type count struct {
	field            string
	value, low, high int32
}

func (r *reader) count(path string, c count) int {
	r.between(path+"."+c.field, int64(c.value), int64(c.low), int64(c.high))
	return int(c.value)
}

func (r *reader) seconds(path string, c count) time.Duration {
	return time.Duration(r.count(path, c)) * time.Second
}

// probePort refuses a port that the container does not declare: in the lab, only those exist.
func (r *reader) probePort(path string, port intstr.IntOrString) {
	for _, p := range r.Deployment.Container.Ports {
		if port.String() == strconv.Itoa(p.Number) || port.String() == p.Name {
			return
		}
	}
	r.fail(path, "the container declares no port %s", port.String())
}
