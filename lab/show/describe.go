package show

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// page collects the lines of a description.
type page struct {
	fields []control.Field
	depth  int
}

func (p *page) say(name, format string, args ...any) {
	p.fields = append(p.fields, control.Field{Depth: p.depth, Name: name, Value: fmt.Sprintf(format, args...)})
}

// below indents what more says.
func (p *page) below(name string, more func()) {
	p.say(name, "")
	p.depth++
	more()
	p.depth--
}

// Describe tells all of a subject.
func Describe(s Subject) (control.Description, error) {
	p := &page{}
	p.say("Name", "%s", s.Name)
	if s.Namespace != "" {
		p.say("Namespace", "%s", s.Namespace)
	}
	p.say("Labels", "%s", orNone(mesh.Labels(s.Labels).String()))
	p.say("Created", "%s", s.Created.Format(time.RFC1123))
	if s.Kind == objects.PodKind {
		p.pod(s.Pod)
		p.events(s.Events)
		return control.Description{Ref: s.Ref, Fields: p.fields}, nil
	}
	p.say("Kind", "%s", s.Kind)
	if s.Document != nil {
		data, err := s.yaml()
		err = errors.Join(err, p.spec([]byte(data)))
		return control.Description{Ref: s.Ref, Fields: p.fields}, err
	}
	p.say("API Version", "%s", s.Object.APIVersion)
	p.say("Revision", "%d", s.Object.Revision)
	switch {
	case s.Kind == "Deployment":
		p.say("Replicas", "%d desired | %d updated | %d total | %d available",
			s.Progress.Desired, s.Progress.Updated, s.Progress.Total, s.Progress.Ready)
	case s.Kind == "Service":
		p.say("Endpoints", "%s", orNone(strings.Join(s.Endpoints, ",")))
	}
	for _, w := range s.Warnings {
		p.say("Warning", "%s", w)
	}
	if m := s.Object.Manifest; m != nil && m.Secret != nil {
		p.secret(m.Secret)
		return control.Description{Ref: s.Ref, Fields: p.fields}, nil
	}
	data, err := s.Object.YAML()
	if err == nil {
		err = errors.Join(p.spec(data), p.status(s.Status))
	}
	if s.Kind == "Deployment" {
		p.events(s.Events)
	}
	return control.Description{Ref: s.Ref, Fields: p.fields}, err
}

func (p *page) pod(pod pods.Pod) {
	p.say("Node", "lab")
	p.say("Status", "%s", pod.Status)
	if pod.Reason != "" {
		p.say("Reason", "%s", pod.Reason)
	}
	p.say("IP", podIP)
	p.say("Controlled By", "Deployment/%s", pod.Workload.Name)
	p.below("Containers", func() {
		p.below(pod.Container, func() {
			p.say("Image", "%s", pod.Image)
			if !pod.Started.IsZero() { // else it never ran
				p.say("Process", "%d", pod.PID)
				p.say("Started", "%s", pod.Started.Format(time.RFC1123))
			}
			if pod.LastExit != "" {
				p.say("Last State", "%s", pod.LastExit)
			}
			p.say("Restart Count", "%d", pod.Restarts)
			for _, number := range sortedPorts(pod) {
				p.say("Port", "%d, here %s", number, pod.Addresses[number])
			}
		})
		if pod.Containers == 1 {
			return
		}
		p.below(pods.Sidecar, func() { p.say("Outbound", "%s", pod.Proxy) })
	})
}

// spec adds the spec of an object as it was written, field by field.
func (p *page) spec(data []byte) error {
	var document yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&document); err != nil {
		return err
	}
	said := []string{"apiVersion", "kind", "metadata", "status"}
	top := document.Content[0]
	for i := 0; i < len(top.Content); i += 2 {
		if name := top.Content[i].Value; !slices.Contains(said, name) {
			p.node(name, top.Content[i+1])
		}
	}
	return nil
}

// status adds what a cluster writes of an object.
func (p *page) status(status Document) error {
	if status == nil {
		return nil
	}
	var n yaml.Node
	err := n.Encode(status)
	if err == nil {
		p.node("status", &n)
	}
	return err
}

func (p *page) node(name string, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		p.below(name, func() {
			for i := 0; i < len(n.Content); i += 2 {
				p.node(n.Content[i].Value, n.Content[i+1])
			}
		})
	case yaml.SequenceNode:
		for i, item := range n.Content {
			p.node(fmt.Sprintf("%s[%d]", name, i), item)
		}
	default:
		p.say(name, "%s", n.Value)
	}
}
