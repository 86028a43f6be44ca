package control

import (
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/objects"
)

// yaml is an object as it was written, and a pod as Kubernetes would describe it.
func (s subject) yaml() (string, error) {
	if s.Kind != objects.PodKind {
		data, err := s.object.YAML()
		return string(data), err
	}
	data, err := yaml.Marshal(podDocument(s.pod))
	return string(data), err
}

type fields map[string]any

// podDocument has the fields that readers pick with jsonpath.
func podDocument(p Pod) fields {
	ready := "False"
	if p.Ready == p.Containers {
		ready = "True"
	}
	return fields{
		"apiVersion": "v1",
		"kind":       objects.PodKind,
		"metadata": fields{
			"name":              p.Name.Name,
			"namespace":         p.Namespace,
			"labels":            p.Labels,
			"creationTimestamp": p.Created.UTC().Format(time.RFC3339),
		},
		"spec": fields{
			"nodeName":   "lab",
			"containers": []fields{{"name": p.Container, "image": p.Image, "ports": containerPorts(p)}},
		},
		"status": fields{
			"phase":      phase(p),
			"podIP":      podIP,
			"startTime":  p.Created.UTC().Format(time.RFC3339),
			"conditions": []fields{{"type": "Ready", "status": ready}},
			"containerStatuses": []fields{{
				"name": p.Container, "image": p.Image,
				"ready": p.Ready == p.Containers, "restartCount": p.Restarts,
			}},
		},
	}
}

const podIP = "127.0.0.1"

// containerPorts say also where each port really is, which no cluster needs to.
func containerPorts(p Pod) []fields {
	ports := []fields{}
	for _, number := range sortedPorts(p) {
		_, real, _ := strings.Cut(p.Addresses[number], ":")
		ports = append(ports, fields{"containerPort": number, "hostPort": real})
	}
	return ports
}

func sortedPorts(p Pod) []int { return slices.Sorted(maps.Keys(p.Addresses)) }

func phase(p Pod) string {
	if p.PID == 0 {
		return "Pending"
	}
	return "Running"
}
