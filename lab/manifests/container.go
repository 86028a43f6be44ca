package manifests

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/mesh"
)

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func (r *reader) container(path string, c corev1.Container) {
	r.only(path, c, "name", "image", "command", "args", "env", "envFrom", "ports", "startupProbe",
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
		EnvFrom: r.sources(path+".envFrom", c.EnvFrom),
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
		r.limit(path+".postStart", "the lab runs the image's program alone")
	}
}

// literal refuses what Kubernetes would expand.
func (r *reader) literal(path string, values ...string) {
	for _, value := range values {
		if strings.Contains(value, "$(") {
			r.limit(path, "%q: the lab does not expand $(NAME)", value)
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
			v = r.variable(e.Name, place+".valueFrom", *e.ValueFrom)
		}
		r.once(place+".name", declared, e.Name)
		list = append(list, v)
	}
	return list
}

// variable is one whose value is elsewhere.
func (r *reader) variable(name, path string, from corev1.EnvVarSource) mesh.EnvVar {
	r.only(path, from, "fieldRef", "configMapKeyRef", "secretKeyRef")
	v := mesh.EnvVar{Name: name}
	switch config, secret := from.ConfigMapKeyRef, from.SecretKeyRef; {
	case from.FieldRef != nil && config != nil, from.FieldRef != nil && secret != nil, config != nil && secret != nil:
		r.fail(path, "may not have more than one field specified at a time")
	case from.FieldRef != nil:
		v.Value, v.Field = r.field(path, *from.FieldRef)
	case config != nil:
		v.Key = r.keyRef(path+".configMapKeyRef", mesh.KeyRef{
			Kind: "ConfigMap", Name: config.Name, Key: config.Key, Optional: isTrue(config.Optional),
		})
	case secret != nil:
		v.Key = r.keyRef(path+".secretKeyRef", mesh.KeyRef{
			Kind: "Secret", Name: secret.Name, Key: secret.Key, Optional: isTrue(secret.Optional),
		})
	}
	return v
}

func (r *reader) keyRef(path string, ref mesh.KeyRef) *mesh.KeyRef {
	r.valid(path+".name", ref.Name, validation.IsDNS1123Subdomain)
	r.valid(path+".key", ref.Key, validation.IsConfigMapKey)
	return &ref
}

func isTrue(b *bool) bool { return b != nil && *b }

func (r *reader) sources(path string, list []corev1.EnvFromSource) []mesh.EnvSource {
	var sources []mesh.EnvSource
	for i, s := range list {
		place := at(path, i)
		r.only(place, s, "prefix", "configMapRef", "secretRef")
		if s.Prefix != "" {
			r.valid(place+".prefix", s.Prefix, validation.IsRelaxedEnvVarName)
		}
		one := mesh.EnvSource{Prefix: s.Prefix}
		switch config, secret := s.ConfigMapRef, s.SecretRef; {
		case (config == nil) == (secret == nil):
			r.fail(place, "must specify one of: `configMapRef` or `secretRef`")
			continue
		case config != nil:
			one.Kind, one.Name, one.Optional = "ConfigMap", config.Name, isTrue(config.Optional)
			r.valid(place+".configMapRef.name", one.Name, validation.IsDNS1123Subdomain)
		default:
			one.Kind, one.Name, one.Optional = "Secret", secret.Name, isTrue(secret.Optional)
			r.valid(place+".secretRef.name", one.Name, validation.IsDNS1123Subdomain)
		}
		sources = append(sources, one)
	}
	return sources
}

// field is the value of one of the pod's own fields, or its name where each pod has its own.
func (r *reader) field(path string, from corev1.ObjectFieldSelector) (value, field string) {
	path += ".fieldRef.fieldPath"
	switch field := from.FieldPath; field {
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
