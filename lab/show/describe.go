package control

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

func (l *lab) describe(_ context.Context, sel Selection) ([]Description, error) {
	picks, err := sel.Picks()
	if err != nil {
		return nil, err
	}
	warnings := l.warnings()
	var list []Description
	var problems []error
	for _, p := range picks {
		found, missing := l.subjects(sel, p)
		problems = append(problems, missing)
		for _, s := range found {
			s.warnings = warnings[s.Ref]
			d, err := l.description(s)
			problems = append(problems, err)
			list = append(list, d)
		}
	}
	return list, objects.Join(problems...)
}

// page collects the lines of a description.
type page struct {
	fields []Field
	depth  int
}

func (p *page) say(name, format string, args ...any) {
	p.fields = append(p.fields, Field{Depth: p.depth, Name: name, Value: fmt.Sprintf(format, args...)})
}

// below indents what more says.
func (p *page) below(name string, more func()) {
	p.say(name, "")
	p.depth++
	more()
	p.depth--
}

func (l *lab) description(s subject) (Description, error) {
	p := &page{}
	p.say("Name", "%s", s.Name)
	if s.Namespace != "" {
		p.say("Namespace", "%s", s.Namespace)
	}
	p.say("Labels", "%s", orNone(mesh.Labels(s.labels).String()))
	p.say("Created", "%s", s.created.Format(time.RFC1123))
	if s.Kind == objects.PodKind {
		p.pod(s.pod)
		return Description{Ref: s.Ref, Fields: p.fields}, nil
	}
	p.say("Kind", "%s", s.Kind)
	p.say("API Version", "%s", s.object.APIVersion)
	p.say("Revision", "%d", s.object.Revision)
	switch {
	case s.Kind == "Deployment":
		p.say("Replicas", "%d desired | %d updated | %d total | %d available",
			s.progress.Desired, s.progress.Updated, s.progress.Total, s.progress.Ready)
	case s.Kind == "Service":
		p.say("Endpoints", "%s", orNone(strings.Join(l.endpoints(s.object), ",")))
	}
	for _, w := range s.warnings {
		p.say("Warning", "%s", w)
	}
	err := p.spec(s.object)
	return Description{Ref: s.Ref, Fields: p.fields}, err
}

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}

// endpoints are the addresses of the ready pods behind a Service.
func (l *lab) endpoints(o objects.Object) []string {
	t := l.pods.Topology(l.objects().Topology())
	var list []string
	for _, port := range o.Manifest.Service.Ports {
		c := mesh.Cluster{Host: o.Manifest.Service.Host(), Port: port.Number}
		for _, e := range t.Endpoints(c) {
			if e.Instance.Ready {
				list = append(list, e.Address)
			}
		}
	}
	return list
}

func (p *page) pod(pod Pod) {
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
			p.say("Process", "%d", pod.PID)
			p.say("Started", "%s", pod.Started.Format(time.RFC1123))
			if pod.LastExit != "" {
				p.say("Last State", "%s", pod.LastExit)
			}
			p.say("Restart Count", "%d", pod.Restarts)
			for _, number := range sortedPorts(pod) {
				p.say("Port", "%d, here %s", number, pod.Addresses[number])
			}
		})
		p.below(sidecar, func() { p.say("Outbound", "%s", pod.Proxy) })
	})
}

// spec adds the spec of an object as it was written, field by field.
func (p *page) spec(o objects.Object) error {
	data, err := o.YAML()
	if err != nil {
		return err
	}
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
