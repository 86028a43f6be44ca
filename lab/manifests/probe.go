package manifests

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"istio-tutorial/lab/mesh"
)

// probe fills in Kubernetes' defaults; nil is no probe. most is the limit of successThreshold.
func (r *reader) probe(path string, p *corev1.Probe, most int32) *mesh.Probe {
	if p == nil {
		return nil
	}
	r.only(path, *p, "httpGet", "tcpSocket", "grpc", "exec", "initialDelaySeconds", "periodSeconds",
		"timeoutSeconds", "failureThreshold", "successThreshold")
	probe := r.handler(path, p.ProbeHandler)
	probe.Delay = r.seconds(path, count{"initialDelaySeconds", p.InitialDelaySeconds, 0, 3600})
	probe.Period = r.seconds(path, count{"periodSeconds", cmp.Or(p.PeriodSeconds, 10), 1, 3600})
	probe.Timeout = r.seconds(path, count{"timeoutSeconds", cmp.Or(p.TimeoutSeconds, 1), 1, 3600})
	probe.Failures = r.count(path, count{"failureThreshold", cmp.Or(p.FailureThreshold, 3), 1, 1000})
	probe.Successes = r.count(path, count{"successThreshold", cmp.Or(p.SuccessThreshold, 1), 1, most})
	return &probe
}

// handler is what a probe does.
func (r *reader) handler(path string, h corev1.ProbeHandler) mesh.Probe {
	var probes []mesh.Probe
	if g := h.HTTPGet; g != nil {
		r.only(path+".httpGet", *g, "path", "port", "scheme")
		r.oneOf(path+".httpGet.scheme", g.Scheme, "HTTP")
		r.probePort(path+".httpGet.port", g.Port)
		probes = append(probes, mesh.Probe{Path: "/" + strings.TrimPrefix(g.Path, "/"), Port: g.Port.String()})
	}
	if t := h.TCPSocket; t != nil {
		r.only(path+".tcpSocket", *t, "port")
		r.probePort(path+".tcpSocket.port", t.Port)
		probes = append(probes, mesh.Probe{Connect: true, Port: t.Port.String()})
	}
	if g := h.GRPC; g != nil {
		service := ""
		if g.Service != nil {
			service = *g.Service
		}
		r.probePort(path+".grpc.port", intstr.FromInt32(g.Port))
		probes = append(probes, mesh.Probe{GRPC: &service, Port: strconv.Itoa(int(g.Port))})
	}
	if e := h.Exec; e != nil {
		if len(e.Command) == 0 {
			r.fail(path+".exec.command", "missing")
		}
		probes = append(probes, mesh.Probe{Exec: e.Command})
	}
	if len(probes) == 1 {
		return probes[0]
	}
	const want = "want one of httpGet, tcpSocket, grpc and exec"
	if len(probes) > 1 {
		r.fail(path, "may not have more than one handler: %s", want)
	} else {
		r.fail(path, "no handler: %s", want)
	}
	return mesh.Probe{}
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
