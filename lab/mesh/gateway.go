package mesh

import (
	"cmp"
	"slices"
)

// NewGateway is what the ingress does: no rule of the mesh touches its calls.
func NewGateway(t Topology) Outbound {
	out := Outbound{Unknown: Response{Status: 404}}
	for _, ingress := range byHost(t.Ingresses) {
		service := Service{Name: ingress.Service}
		cluster := Cluster{Host: service.Host(), Port: ingress.Port}
		host := cmp.Or(ingress.Host, "*")
		if n := len(out.Hosts); n == 0 || out.Hosts[n-1].Names[0] != host {
			out.Hosts = append(out.Hosts, VirtualHost{Names: []string{host}})
		}
		last := &out.Hosts[len(out.Hosts)-1]
		last.Routes = append(last.Routes, Route{
			From:         ingress.String(),
			Match:        ingress.match(),
			Destinations: []Destination{{Cluster: cluster, Weight: 100}},
		})
		out.AddCluster(cluster, Defaults)
	}
	return out
}

// byHost puts the paths of a host together, the more specific ones first.
func byHost(list []Ingress) []Ingress {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Ingress) int {
		return cmp.Or(
			cmp.Compare(a.Host, b.Host),
			cmp.Compare(rank(b), rank(a)),
			cmp.Compare(len(b.Path), len(a.Path)),
		)
	})
	return list
}

func rank(i Ingress) int {
	if i.Exact {
		return 1
	}
	return 0
}

func (i Ingress) match() []Condition {
	switch {
	case i.Exact:
		return []Condition{{Attribute: Path, Compare: Exact, Value: i.Path}}
	case i.Path == "" || i.Path == "/":
		return nil
	default:
		return []Condition{{Attribute: Path, Compare: Segments, Value: i.Path}}
	}
}
