package show

import (
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// yaml is an object as it was written, and a pod as Kubernetes would describe it.
func (s Subject) yaml() (string, error) {
	switch {
	case s.Kind == objects.PodKind:
		data, err := document.Marshal(podDocument(s.Pod))
		return string(data), err
	case s.Document != nil:
		data, err := document.Marshal(s.Document)
		return string(data), err
	}
	data, err := s.Object.YAML()
	if m := s.Object.Manifest; err == nil && m != nil && m.Secret != nil {
		return secretYAML(data, m.Secret)
	}
	status := statusOf(s)
	if err != nil || status == nil {
		return string(data), err
	}
	return withStatus(data, status)
}

// withStatus adds what is so to what was written; its comments stay.
func withStatus(data []byte, status Document) (string, error) {
	var root, added yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return "", err
	}
	if err := added.Encode(fields{"status": status}); err != nil {
		return "", err
	}
	top := root.Content[0]
	for i := 0; i < len(top.Content); i += 2 { // of a file that was printed before
		if top.Content[i].Value == "status" {
			top.Content = slices.Delete(top.Content, i, i+2)
			break
		}
	}
	top.Content = append(top.Content, added.Content...)
	data, err := document.Marshal(top)
	return string(data), err
}

type fields map[string]any

// podDocument has the fields that readers pick with jsonpath.
func podDocument(p pods.Pod) fields {
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
			"phase":     phase(p),
			"podIP":     podIP,
			"startTime": p.Created.UTC().Format(time.RFC3339),
			"conditions": []fields{
				{"type": "ContainersReady", "status": ready}, {"type": "Ready", "status": ready},
			},
			"containerStatuses": []fields{{
				"name": p.Container, "image": p.Image,
				"ready": p.Ready == p.Containers, "restartCount": p.Restarts,
			}},
		},
	}
}

const podIP = "127.0.0.1"

// containerPorts say also where each port really is, which no cluster needs to.
func containerPorts(p pods.Pod) []fields {
	ports := []fields{}
	for _, number := range sortedPorts(p) {
		_, real, _ := strings.Cut(p.Addresses[number], ":")
		ports = append(ports, fields{"containerPort": number, "hostPort": real})
	}
	return ports
}

func sortedPorts(p pods.Pod) []int { return slices.Sorted(maps.Keys(p.Addresses)) }

func phase(p pods.Pod) string {
	if p.PID == 0 {
		return "Pending"
	}
	return "Running"
}
