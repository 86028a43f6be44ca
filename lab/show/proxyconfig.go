package show

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

// Part is a part of the proxy's configuration.
type Part struct {
	Resource string // of Envoy's config dump
	name     string
	columns  []string
	rows     func(json.RawMessage) ([][]string, error)
}

// FindPart finds a part by its name; the error is an *objects.Error.
func FindPart(name string) (Part, error) {
	for _, p := range parts() {
		if p.name == name {
			return p, nil
		}
	}
	return Part{}, objects.Errorf(objects.Invalid, "%q: want routes, clusters, listeners, endpoints or secrets", name)
}

func parts() []Part {
	return []Part{
		{"dynamic_listeners", "listeners", []string{"NAME", "ADDRESS"}, listenerRows},
		{"dynamic_route_configs", "routes", []string{"NAME", "DOMAINS", "MATCH", "TO"}, routeRows},
		{Endpoints, "endpoints", []string{"ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER"}, endpointRows},
		{
			Secrets, "secrets",
			[]string{
				"RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE", "IDENTITY",
			}, secretRows,
		},
		{
			"dynamic_active_clusters", "clusters",
			[]string{"SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "BALANCE"}, clusterRows,
		},
	}
}

// Table shows the part, as Envoy has it for a pod.
func (p Part) Table(pod mesh.Name, data []byte) (control.Table, error) {
	t := control.Table{Ref: objects.Ref{Resource: p.name}}
	for _, c := range p.columns {
		t.Columns = append(t.Columns, control.Column{Name: c})
	}
	var dump struct{ Configs []json.RawMessage }
	if err := json.Unmarshal(data, &dump); err != nil {
		return t, fmt.Errorf("envoy: %w", err)
	}
	for _, config := range dump.Configs {
		rows, err := p.rows(config)
		if err != nil {
			return t, fmt.Errorf("envoy: %w", err)
		}
		for _, cells := range rows {
			for i := range cells { // the pod is known, and its name is long
				cells[i] = strings.ReplaceAll(cells[i], "@"+pod.String(), "")
			}
			ref := objects.Ref{Resource: p.name, Namespace: pod.Namespace, Name: strconv.Itoa(len(t.Rows))}
			t.Rows = append(t.Rows, control.Row{Ref: ref, Cells: cells})
		}
	}
	return t, nil
}

func listenerRows(data json.RawMessage) ([][]string, error) {
	var l struct {
		Name   string
		Active struct {
			Listener struct {
				Address envoy.Address
			}
		} `json:"active_state"`
	}
	err := json.Unmarshal(data, &l)
	return [][]string{{l.Name, l.Active.Listener.Address.String()}}, err
}

func clusterRows(data json.RawMessage) ([][]string, error) {
	var c struct {
		Cluster struct {
			Name string
			Type string
			LB   string `json:"lb_policy"`
		}
	}
	err := json.Unmarshal(data, &c)
	name := strings.Split(c.Cluster.Name, "|") // DIRECTION|PORT|SUBSET|HOST
	for len(name) < 4 {
		name = append(name, "")
	}
	return [][]string{{
		cmp.Or(strings.TrimPrefix(name[3], "@"), none), name[1], cmp.Or(name[2], none), name[0],
		cmp.Or(c.Cluster.Type, "STATIC"), cmp.Or(c.Cluster.LB, "ROUND_ROBIN"),
	}}, err
}

// envoyRoute is what a table shows of a route.
type envoyRoute struct {
	Match map[string]json.RawMessage
	Route struct {
		Cluster  string
		Weighted struct {
			Clusters []struct {
				Name   string
				Weight int
			}
		} `json:"weighted_clusters"`
	}
	Answer *struct{ Status int } `json:"direct_response"`
}

func routeRows(data json.RawMessage) ([][]string, error) {
	var r struct {
		Config struct {
			Name  string
			Hosts []struct {
				Domains []string
				Routes  []envoyRoute
			} `json:"virtual_hosts"`
		} `json:"route_config"`
	}
	err := json.Unmarshal(data, &r)
	var rows [][]string
	for _, host := range r.Config.Hosts {
		for _, route := range host.Routes {
			rows = append(rows, []string{r.Config.Name, shortest(host.Domains), route.match(), route.to()})
		}
	}
	return rows, err
}

// shortest is one of the names of a host, and how many more there are.
func shortest(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	short := names[0]
	for _, n := range names {
		if len(n) < len(short) {
			short = n
		}
	}
	return fmt.Sprintf("%s + %d more", short, len(names)-1)
}

// match is the path, and the number of other conditions.
func (r envoyRoute) match() string {
	text, others := "", 0
	for name, value := range r.Match {
		switch name {
		case "prefix", "path":
			text = strings.Trim(string(value), `"`)
			if name == "prefix" {
				text += "*"
			}
		default:
			var list []json.RawMessage
			if json.Unmarshal(value, &list) != nil {
				list = append(list, value)
			}
			others += len(list)
		}
	}
	if others > 0 {
		text = strings.TrimSpace(fmt.Sprintf("%s and %d more", text, others))
	}
	return text
}

func (r envoyRoute) to() string {
	var to []string
	for _, c := range r.Route.Weighted.Clusters {
		to = append(to, fmt.Sprintf("%s (%d)", c.Name, c.Weight))
	}
	switch {
	case len(to) > 0:
		return strings.Join(to, ", ")
	case r.Answer != nil:
		return fmt.Sprintf("answers %d", r.Answer.Status)
	default:
		return r.Route.Cluster
	}
}
