package show

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// column is a column, and what stands in it.
type column struct {
	control.Column
	cell func(Subject) string
}

// Table has a row for each subject of a kind, with its namespace if asked for.
func Table(k objects.Kind, namespaces bool, list []Subject) (control.Table, error) {
	t := control.Table{Ref: objects.NewRef(k, "", "")}
	columns := columnsOf(k)
	if namespaces && !k.Cluster && k.Type == "" {
		columns = slices.Insert(columns, 0, text("NAMESPACE", namespaceOf))
	}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Column)
	}
	for _, s := range list {
		yaml, err := s.yaml()
		if err != nil {
			return t, err
		}
		row := control.Row{Ref: s.Ref, YAML: yaml, Created: s.Created, Warnings: s.Warnings}
		for _, c := range columns {
			row.Cells = append(row.Cells, c.cell(s))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func namespaceOf(s Subject) string { return s.Namespace }

func text(name string, cell func(Subject) string) column {
	return column{control.Column{Name: name}, cell}
}

func wide(name string, cell func(Subject) string) column {
	return column{control.Column{Name: name, Wide: true}, cell}
}

// always is a cell that says the same of all.
func always(what string) func(Subject) string { return func(Subject) string { return what } }

// columnsOf are kubectl's columns of a kind, and istioctl's of a rule.
func columnsOf(k objects.Kind) []column {
	name := text("NAME", func(s Subject) string { return s.Name })
	age := text(ageColumn, func(s Subject) string {
		return duration.HumanDuration(time.Since(s.Created))
	})
	switch k.Kind {
	case objects.PodKind:
		return append(append([]column{name}, podColumns()...), age,
			wide("IP", func(s Subject) string { return cmp.Or(appAddress(s.Pod), none) }),
			wide("NODE", always("lab")))
	case "Deployment":
		return slices.Concat([]column{name}, deploymentColumns(), []column{age}, templateColumns())
	case "Service":
		return append(append([]column{name}, serviceColumns()...), age,
			wide("SELECTOR", func(s Subject) string { return selectorOf(s.Object) }))
	case "Ingress":
		return []column{
			name, text("CLASS", always(none)), text("HOSTS", ingressHosts),
			text("ADDRESS", always("localhost")), text("PORTS", always("80")), age,
		}
	case "Namespace":
		return []column{name, text("STATUS", always("Active")), age}
	case "ConfigMap":
		data := text("DATA", func(s Subject) string { return strconv.Itoa(s.Object.Manifest.Count) })
		return []column{name, data, age}
	case "Secret":
		return []column{
			name, text("TYPE", func(s Subject) string { return s.Object.Manifest.Secret.Type }),
			text("DATA", func(s Subject) string { return strconv.Itoa(s.Object.Manifest.Count) }), age,
		}
	case "ServiceAccount":
		return []column{name, text("SECRETS", always("0")), age}
	}
	if k.Running {
		return derivedColumns(k, name, age)
	}
	if k.Type == "" {
		return append(append([]column{name}, todaysColumns(k)...), age)
	}
	return []column{
		name,
		text("KIND", func(s Subject) string { return kindAndVersion(s.Object) }),
		text("NAMESPACE", namespaceOf),
	}
}

// todaysColumns are those that the table of kinds names, which the published CRDs ask for.
func todaysColumns(k objects.Kind) []column {
	if k.Columns == "" {
		return nil
	}
	var columns []column
	for pair := range strings.SplitSeq(k.Columns, ",") {
		title, what, _ := strings.Cut(pair, ":")
		cell := always(what)
		if path, ok := strings.CutPrefix(what, ".status."); ok {
			columns = append(columns, text(title, func(s Subject) string { return first(s.Status, path) }))
			continue
		}
		if field, ok := strings.CutPrefix(what, "."); ok {
			cell = func(s Subject) string { return s.Object.Field(strings.Split(field, ".")...) }
		}
		columns = append(columns, text(title, cell))
	}
	return columns
}

// first is the field of a status by a path LIST[KEY=VALUE].FIELD or LIST.FIELD, of the first item that has the value;
// "" if none has.
func first(status Document, path string) string {
	list, field, _ := strings.Cut(path, ".")
	list, wanted, _ := strings.Cut(strings.TrimSuffix(list, "]"), "[")
	key, value, _ := strings.Cut(wanted, "=")
	items, _ := status[list].([]any)
	for _, item := range items {
		fields, _ := item.(map[string]any)
		if text, _ := fields[field].(string); wanted == "" || fields[key] == value {
			return text
		}
	}
	return ""
}

// kindAndVersion is RouteRule.config.istio.io.v1alpha2.
func kindAndVersion(o objects.Object) string {
	return o.Kind + "." + strings.ReplaceAll(o.APIVersion, "/", ".")
}

func podColumns() []column {
	return []column{
		text("READY", func(s Subject) string {
			return fmt.Sprintf("%d/%d", s.Pod.Ready, s.Pod.Containers)
		}),
		text("STATUS", func(s Subject) string { return s.Pod.Status }),
		text("RESTARTS", func(s Subject) string { return strconv.Itoa(s.Pod.Restarts) }),
	}
}

// appAddress is where a pod's program serves.
func appAddress(p pods.Pod) string {
	for _, number := range sortedPorts(p) {
		return p.Addresses[number]
	}
	return ""
}

func deploymentColumns() []column {
	return []column{
		text("READY", func(s Subject) string {
			return fmt.Sprintf("%d/%d", s.Progress.Ready, s.Progress.Desired)
		}),
		text("UP-TO-DATE", func(s Subject) string { return strconv.Itoa(s.Progress.Updated) }),
		text("AVAILABLE", func(s Subject) string { return strconv.Itoa(s.Progress.Ready) }),
	}
}

func templateColumns() []column {
	workload := func(show func(mesh.Workload) string) func(Subject) string {
		return func(s Subject) string { return show(s.Object.Manifest.Deployment.Workload) }
	}
	return []column{
		wide("CONTAINERS", workload(func(w mesh.Workload) string { return w.Container.Name })),
		wide("IMAGES", workload(func(w mesh.Workload) string { return w.Container.Image })),
		wide("SELECTOR", workload(func(w mesh.Workload) string { return w.Labels.String() })),
	}
}

func serviceColumns() []column {
	return []column{
		text("TYPE", func(s Subject) string {
			if s.Object.Manifest.Service.External != "" {
				return "ExternalName"
			}
			return "ClusterIP"
		}),
		text("CLUSTER-IP", always(none)),
		text("EXTERNAL-IP", func(s Subject) string { return cmp.Or(s.Object.Manifest.Service.External, none) }),
		text("PORT(S)", func(s Subject) string { return cmp.Or(strings.Join(servicePorts(s.Object), ","), none) }),
	}
}

func servicePorts(o objects.Object) []string {
	var ports []string
	for _, p := range o.Manifest.Service.Ports {
		ports = append(ports, fmt.Sprintf("%d/TCP", p.Number))
	}
	return ports
}

func selectorOf(o objects.Object) string {
	return cmp.Or(o.Manifest.Service.Selector.String(), none)
}

func ingressHosts(s Subject) string {
	var hosts []string
	for _, b := range s.Object.Manifest.Ingress {
		if host := cmp.Or(b.Host, "*"); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return strings.Join(hosts, ",")
}
