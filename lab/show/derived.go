package show

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"istio-tutorial/lab/objects"
)

// Document is an object that nobody wrote, as Kubernetes would describe it.
type Document = fields

// NewDocument is one with its names alone.
func NewDocument(k objects.Kind, ref objects.Ref, created time.Time) Document {
	version, _, _ := strings.Cut(k.Versions, ",")
	if k.Group != "" {
		version = k.Group + "/" + version
	}
	metadata := fields{"name": ref.Name}
	if ref.Namespace != "" {
		metadata["namespace"] = ref.Namespace
	}
	if !created.IsZero() {
		metadata["creationTimestamp"] = created.UTC().Format(time.RFC3339)
	}
	return Document{"apiVersion": version, "kind": k.Kind, "metadata": metadata}
}

// at is a value below names, nil where there is none.
func (f fields) at(names ...string) any {
	var value any = f
	for _, name := range names {
		below, ok := value.(fields)
		if !ok {
			return nil
		}
		value = below[name]
	}
	return value
}

// cell shows a value of the document.
func cell(names ...string) func(Subject) string {
	return func(s Subject) string {
		if value := s.Document.at(names...); value != nil {
			return fmt.Sprint(value)
		}
		return none
	}
}

// derivedColumns are kubectl's of the kinds that nobody writes.
func derivedColumns(k objects.Kind, name, age column) []column {
	switch k.Kind {
	case "Event":
		return []column{
			text(lastSeenColumn, lastSeen), text("TYPE", cell("type")), text("REASON", cell("reason")),
			text("OBJECT", func(s Subject) string {
				return strings.ToLower(cell("involvedObject", "kind")(s)) + "/" + cell("involvedObject", "name")(s)
			}),
			text("MESSAGE", cell("message")),
		}
	case "ReplicaSet":
		return []column{
			name, text("DESIRED", cell("spec", "replicas")), text("CURRENT", cell("status", "replicas")),
			text("READY", cell("status", "readyReplicas")), age,
		}
	case "Endpoints":
		return []column{name, text("ENDPOINTS", addressesOf), age}
	case "EndpointSlice":
		return []column{
			name, text("ADDRESSTYPE", cell("addressType")), text("PORTS", slicePorts),
			text("ENDPOINTS", addressesOf), age,
		}
	case "Node":
		return []column{
			name, text("STATUS", always("Ready")), text("ROLES", always("control-plane")), age,
			text("VERSION", cell("status", "nodeInfo", "kubeletVersion")),
			wide("INTERNAL-IP", always(podIP)), wide("OS-IMAGE", cell("status", "nodeInfo", "osImage")),
		}
	case "CustomResourceDefinition":
		return []column{name, text("CREATED AT", cell("metadata", "creationTimestamp"))}
	}
	return nil
}

const lastSeenColumn = "LAST SEEN"

// lastSeen is how long ago an event was, and how often.
func lastSeen(s Subject) string {
	ago := func(name string) string {
		t, _ := time.Parse(time.RFC3339, cell(name)(s))
		return duration.HumanDuration(time.Since(t))
	}
	if count, _ := s.Document.at("count").(int); count > 1 {
		return fmt.Sprintf("%s (x%d over %s)", ago("lastTimestamp"), count, ago("firstTimestamp"))
	}
	return ago("lastTimestamp")
}

// shown is how many addresses kubectl shows of a Service.
const shown = 3

func addressesOf(s Subject) string {
	if len(s.Endpoints) > shown {
		return fmt.Sprintf("%s + %d more...", strings.Join(s.Endpoints[:shown], ","), len(s.Endpoints)-shown)
	}
	return orNone(strings.Join(s.Endpoints, ","))
}

func slicePorts(s Subject) string {
	var ports []string
	for _, e := range s.Endpoints {
		if _, port, _ := strings.Cut(e, ":"); !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return orNone(strings.Join(ports, ","))
}

// Subsets are the addresses of a Service as its Endpoints have them.
func Subsets(endpoints []string) []Document {
	list := []Document{}
	for _, e := range endpoints {
		host, port, _ := strings.Cut(e, ":")
		number, _ := strconv.Atoi(port)
		list = append(list, Document{
			"addresses": []Document{{"ip": host}}, "ports": []Document{{"port": number, "protocol": "TCP"}},
		})
	}
	return list
}

// SliceEndpoints are the same as an EndpointSlice has them. Each has a port of its own here.
func SliceEndpoints(endpoints []string) []Document {
	list := []Document{}
	for _, e := range endpoints {
		list = append(list, Document{
			"addresses": []string{e}, "conditions": Document{"ready": true}, "nodeName": "lab",
		})
	}
	return list
}

// Event is something that happened to an object.
type Event struct {
	Object      objects.Ref
	Warning     bool
	Reason      string // one word, as Kubernetes has it
	Message     string
	Count       int
	First, Last time.Time
}

// Type is Kubernetes' word.
func (e Event) Type() string {
	if e.Warning {
		return "Warning"
	}
	return "Normal"
}

// Subject is the event as an object of its own.
func (e Event) Subject(k objects.Kind) Subject {
	name := fmt.Sprintf("%s.%016x", e.Object.Name, e.First.UnixNano())
	ref := objects.NewRef(k, e.Object.Namespace, name)
	d := NewDocument(k, ref, e.First)
	d["involvedObject"] = Document{
		"kind": e.Object.Kind, "name": e.Object.Name, "namespace": e.Object.Namespace,
	}
	d["type"], d["reason"], d["message"], d["count"] = e.Type(), e.Reason, e.Message, e.Count
	d["firstTimestamp"] = e.First.UTC().Format(time.RFC3339)
	d["lastTimestamp"] = e.Last.UTC().Format(time.RFC3339)
	d["source"] = Document{"component": "lab"}
	return Subject{Ref: ref, Created: e.First, Document: d}
}

// events ends a description, as with kubectl.
func (p *page) events(list []Event) {
	if len(list) == 0 {
		p.say("Events", "%s", none)
		return
	}
	p.below("Events", func() {
		for _, e := range slices.SortedStableFunc(slices.Values(list), func(a, b Event) int {
			return a.Last.Compare(b.Last)
		}) {
			when := duration.HumanDuration(time.Since(e.Last)) + " ago"
			if e.Count > 1 {
				when += fmt.Sprintf(", %d times", e.Count)
			}
			p.say(e.Type()+" "+e.Reason, "%s (%s)", e.Message, when)
		}
	})
}

// deploymentStatus is what Kubernetes notes of a Deployment.
func deploymentStatus(s Subject) Document {
	g := s.Progress
	word := func(yes bool) string {
		if yes {
			return "True"
		}
		return "False"
	}
	return Document{
		"replicas": g.Total, "updatedReplicas": g.Updated, "readyReplicas": g.Ready,
		"availableReplicas": g.Ready, "unavailableReplicas": max(0, g.Desired-g.Ready),
		"conditions": []Document{
			{"type": "Available", "status": word(g.Ready >= g.Desired)},
			{"type": "Progressing", "status": "True"},
		},
	}
}

// statusOf is what an object's document says below status; nil where Kubernetes would say nothing.
func statusOf(s Subject) Document {
	switch s.Kind {
	case "Deployment":
		return deploymentStatus(s)
	case "Namespace":
		return Document{"phase": "Active"}
	default:
		return s.Status
	}
}
